"""What measurements share: the floors, load, processes, and the table."""
