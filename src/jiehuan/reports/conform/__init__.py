"""Does the core reach the numbers that others published?"""
