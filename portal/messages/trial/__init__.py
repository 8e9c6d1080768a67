"""Checking a gateway key by a round trip: test mode, a real message, and the status event that comes back."""
