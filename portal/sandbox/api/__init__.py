"""What the sandbox answers as Connexease: Reseller API, account API and gateway, with their rules."""
