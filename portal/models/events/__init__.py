"""Events that come in, and where they are forwarded to."""
