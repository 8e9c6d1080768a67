"""Stored secrets: how they are encrypted, where each one is kept, and the rotation of their keys."""
