"""pretix, beside which booking and redemption are measured; how it is set up says standing.py."""
