"""The staff's list of accounts and the page of one."""
