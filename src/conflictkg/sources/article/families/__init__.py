"""Rule families: what the rules of each mean for the graph."""
