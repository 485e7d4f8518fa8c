"""The registry of organizations, persons, places and posts that several sources speak of."""
