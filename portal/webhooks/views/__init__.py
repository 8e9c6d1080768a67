"""The pages of webhooks: the list, the form, and testing a callback."""
