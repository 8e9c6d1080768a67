"""Rendering: what templates are compiled to, and what they may use, such as words, times and charts."""
