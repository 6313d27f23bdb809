"""A batch of commands through load, decide, save; and the day that passes."""
