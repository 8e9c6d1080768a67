"""An account's webhooks at Connexease: what is desired, what is observed, and bringing the two together."""
