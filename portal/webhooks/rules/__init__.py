"""Which webhooks there may be: the vendor's rules for subscriptions, headers, callback addresses, coverage."""
