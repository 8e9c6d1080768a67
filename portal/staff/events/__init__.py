"""The events of every account, for staff: what came and what became of it, without what was in it."""
