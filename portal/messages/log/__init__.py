"""The message log: its pages and filter, and what became of each message in words."""
