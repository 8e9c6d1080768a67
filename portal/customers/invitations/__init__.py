"""Invitations: to an account by its owners, to the staff by its admins."""
