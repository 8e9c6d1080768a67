"""What each person wants to be sent: the ledger, the words by which people opt out, and what is noted by hand."""
