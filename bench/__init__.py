"""Measurements, each comparing within one run: `python -m bench`."""
