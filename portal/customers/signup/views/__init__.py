"""The pages of a sign-up, and those behind the links that staff mail to a new customer."""
