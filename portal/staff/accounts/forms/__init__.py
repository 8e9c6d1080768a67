"""The filter of the list of accounts, and the forms that open or hand over an account."""
