"""conflictkg: a knowledge graph of armed conflict that says who asserts what, and where it stands."""
