"""The pages of accounts for staff: the list, one account, opening one, and helping its people."""
