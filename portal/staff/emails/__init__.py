"""What the portal's emails look like: every kind of them, in each language, with people who do not exist."""
