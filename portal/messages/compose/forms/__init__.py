"""What the form of a message asks: the message itself, and the part about its template."""
