"""Sending a confirmed campaign: at the pace of its key, each row at most once, until it ends or has to stop."""
