"""The people at the other end."""
