"""Whom a campaign goes to: the rows of its file or group, and the contacts that they become."""
