"""Messages that are sent, one at a time or by campaign."""
