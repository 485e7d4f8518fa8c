"""One folder a source: description, lookups and converter."""
