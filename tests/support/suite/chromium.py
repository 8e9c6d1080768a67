"""The Chromium that the machine has."""

from pathlib import Path

_PROGRAMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
"""The shell is the same engine without a browser's own windows: a page costs half the processor time."""


def installed() -> dict[str, str]:
    """How to launch it; nothing where Playwright has to find one of its own."""
    return next(({"executable_path": str(program)} for program in _PROGRAMS if program.exists()), {})
