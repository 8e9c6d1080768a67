"""The token vault: an account's access tokens and gateway API keys."""
