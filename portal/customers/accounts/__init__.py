"""The pages of all of a person's accounts, and the history of one."""
