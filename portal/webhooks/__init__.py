"""An account's webhooks at Connexease."""
