"""Sending each message at most once: confirmed, called, recorded."""
