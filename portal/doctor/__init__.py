"""Whether everything that the portal needs works, and what to do where it does not."""
