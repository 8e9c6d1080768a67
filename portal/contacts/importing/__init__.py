"""Contacts from a CSV file: each good row is taken in, and each wrong one can be taken along with its reason."""
