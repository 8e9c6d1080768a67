"""Serving: gunicorn's threads, static files, compression, headers, and how much a request may bring."""
