"""The reseller's own name and look: trying it, looking at it, publishing it."""
