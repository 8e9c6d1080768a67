"""What every page shares: who may enter, errors, forms, htmx, headers, limits, and what templates may use."""
