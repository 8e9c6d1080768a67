"""What Connexease tells us: receivers and the event log."""
