"""Who somebody is: logging in and out, sessions, passwords, codes of an app, mailed links, profile, roles."""
