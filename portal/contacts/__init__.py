"""Contacts: the people whom an account writes to or hears from, and the ledger of what each wants to be sent."""
