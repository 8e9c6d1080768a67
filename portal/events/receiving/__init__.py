"""Taking in what Connexease and its gateway deliver: check the secret, store, answer. All else happens later."""
