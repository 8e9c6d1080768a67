"""Events: receivers for what Connexease and its gateway deliver, acting on it, and the event log."""
