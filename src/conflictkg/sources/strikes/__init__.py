"""Tables of strikes or events, one row each, of any publisher: what their columns mean is a profile."""
