"""Campaigns: one template to many people, from a file or a group of contacts, and what became of each."""
