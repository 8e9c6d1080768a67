"""Processing: what stored events bring about, a batch at a time, each event once."""
