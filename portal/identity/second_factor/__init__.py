"""The second factor of a login: codes of an authenticator app, and recovery codes for when it is lost."""
