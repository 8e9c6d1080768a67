"""The reseller's own people: invitations, roles, sessions, lost apps."""
