"""How the portal itself is, and mail that failed."""
