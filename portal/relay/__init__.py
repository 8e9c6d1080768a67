"""Relay: each event is forwarded to any number of destinations, signed, in order, and again until it arrives."""
