"""An account's overview: what is set up, whether it works, what WhatsApp says of it, and what happened lately."""
