"""Sign-up, and the set-up of an account at Connexease."""
