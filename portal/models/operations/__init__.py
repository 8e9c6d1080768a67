"""What the reseller's staff and the worker need."""
