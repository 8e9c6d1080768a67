"""The test bench of a destination: an event sent to it now, and code that checks signatures."""
