"""The staff's first page, and the counters behind its charts."""
