"""An account's own pages: overview and history."""
