"""What is typed of destinations: the destination itself, a test of one, and sending events again."""
