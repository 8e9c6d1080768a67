"""Conversations: what was written with one person, both ways, and how long they may be answered freely."""
