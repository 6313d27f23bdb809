"""The page of the demo: a phone on the left, the book behind it on the right, a clock above."""
