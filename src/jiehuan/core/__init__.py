"""The rules of the trade, pure: columns in, columns out. No clock, disk, chance or float."""
