"""The worker process: its schedule and the queue that it listens to."""
