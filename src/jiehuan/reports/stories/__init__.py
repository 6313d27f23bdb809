"""A line as a story: written, read, played again, and searched."""
