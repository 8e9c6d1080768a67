"""Calls over HTTP: time-outs, repeats, pages of lists, refusals read, and whether a host answers at all."""
