"""Payment partners: their bytes to our commands and back; the courier; sandbox counterparts."""
