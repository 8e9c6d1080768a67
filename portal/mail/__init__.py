"""Mail to people: the outbox, from the promise to the mail server."""
