"""Who belongs to an account, and the account's settings."""
