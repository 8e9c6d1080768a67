"""Setting an account up at Connexease, one step after the other, through crashes and lost answers."""
