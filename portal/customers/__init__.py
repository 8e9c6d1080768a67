"""The reseller's customers: how they sign up and are set up, their accounts, and the people of each."""
