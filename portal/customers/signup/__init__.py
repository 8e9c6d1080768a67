"""Signing up: by the customer, by staff for a customer, or by taking over an account that exists already."""
