"""Whole books on a virtual clock, through the real engine."""
