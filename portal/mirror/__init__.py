"""The mirror: a local copy of every account at Connexease, for the staff's list and search."""
