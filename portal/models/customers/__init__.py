"""Accounts, and what Connexease and WhatsApp hold of them."""
