"""A local, independent Connexease: Reseller API, account API, gateway, onboarding dialog and mailbox.

Nothing here imports the rest of ``portal`` and nothing there imports this package, so that one mistake
about the vendor's contract cannot hide in both. Run it with ``python -m portal.sandbox``.
"""
