"""Testing a callback: a realistic sample is sent to it, and what came back is shown."""
