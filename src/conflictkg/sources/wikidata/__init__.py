"""Wikidata: what its editors say of persons, groups, places and events of conflict."""
