"""What the worker does: it is woken for one row, and it sweeps for whatever is due."""
