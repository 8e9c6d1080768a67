"""The reseller's own people."""
