"""What a campaign says: which template, and which column fills which of its fields."""
