"""The pages of logging in, passwords, codes, and a person's own profile."""
