"""Forwarding: what is due is claimed, sent, written down, and tried again until it arrives or is given up."""
