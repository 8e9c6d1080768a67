"""The staff's list of accounts as a query: filters, orders, and finding the next rows by an index."""
