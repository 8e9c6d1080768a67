"""The pages of campaigns: the list, a new one, its columns, its check and its confirmation."""
