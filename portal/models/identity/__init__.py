"""People who log in, and how they came here."""
