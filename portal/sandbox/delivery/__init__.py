"""What the sandbox sends out: events to webhooks and status events to callbacks, with repeats."""
