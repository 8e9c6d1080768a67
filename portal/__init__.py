"""The reseller portal for Connexease."""

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from portal.settings import Settings

gc.set_threshold(20_000, 20, 50)
"""Seldom: what is loaded lives on, and looking through it again and again takes a sixth of a start."""


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The portal, ready to serve.

    Args:
        settings: read from the environment when none are given.

    Raises:
        SettingsError: a setting is missing or unsafe.
    """
    # Imported here, so that the sandbox, which shares nothing with the portal, need not load it.
    from portal.app import create  # noqa: PLC0415

    return create(settings)
