"""Every state of every page, the way there, and how each is looked at."""
