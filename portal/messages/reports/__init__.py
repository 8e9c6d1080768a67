"""What the gateway reports: where it reports to, reading it, and moving messages by it."""
