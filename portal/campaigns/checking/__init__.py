"""Checking a campaign before anything is sent: every row is good, or says what speaks against it."""
