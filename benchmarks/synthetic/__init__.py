"""Invented data of our model's shape, in any size, the same bytes for the same seed."""
