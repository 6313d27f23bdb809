"""HTTP for partners and people."""
