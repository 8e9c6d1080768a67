"""The pages of the vault: access tokens, gateway keys, and links that hand a key over."""
