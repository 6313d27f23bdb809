"""Term loans: a contract's schedule, and its life as a fold over what happened."""
