"""What happens before the demo serves: the tables, and the story, or a login for the staff and nothing else."""

import gc
import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import event

from portal import create_app
from portal.audit import chain
from portal.db import migrate
from portal.demo import story
from portal.demo.folder import BEGUN, TOLD, lasting_faults, note_end
from portal.demo.stage import Stage
from portal.demo.vendor import JSON, Vendor
from portal.extensions import db
from portal.identity import passwords
from portal.mirror import projection
from portal.settings import Settings


def prepare(folder: Path, *, is_empty: bool) -> None:
    """Prepare a folder; what was prepared before stays as it is. The sandbox is running.

    Args:
        is_empty: no story, only a login for the staff.
    """
    was_told = (folder / TOLD).exists()
    if not was_told:
        (folder / BEGUN).touch()  # before there is a database: one of a start that failed is forgotten at the next
    logging.getLogger().setLevel(logging.ERROR)
    app = create_app()
    logging.getLogger().setLevel(logging.ERROR)
    with app.app_context():
        migrate.upgrade(db.engine)
        chain.seal()
    settings: Settings = app.config["SETTINGS"]
    vendor = Vendor(settings.connexease_api_url)
    vendor.wait(settings.connexease_reseller_token.get_secret_value())
    if was_told:
        for fault in lasting_faults(folder):  # the sandbox forgot them when it ended
            vendor.fault(**fault)
        return
    faults = _tell(app, vendor, is_empty=is_empty)
    note_end(folder, faults, is_empty=is_empty)
    print(f"Prepared within {time.process_time():.1f} seconds of processor time.")  # noqa: T201 - for its log


def _tell(app: Flask, vendor: Vendor, *, is_empty: bool) -> list[JSON]:
    """Let the month happen; the faults at Connexease that last."""
    stage = Stage(app, vendor, datetime.now(UTC))
    _make_haste(app)
    if is_empty:
        story.first_admin(stage)
        return []
    with stage.settings(mirror_interval_minutes=0), projection.put_off():
        vendor.set(hold_deliveries=True, statuses=[], page_size=50, save_every=3600)
        stage.play(stage.end - timedelta(days=31, hours=6), story.CHAPTERS)
    vendor.set(hold_deliveries=False, statuses=["sent", "delivered", "read"], page_size=5, save_every=0)
    vendor.let_go()
    return stage.lasting


def _make_haste(app: Flask) -> None:
    """A month in seconds: a power cut loses little here, and passwords are hashed again as people log in."""
    gc.disable()
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    with app.app_context():
        event.listen(db.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        db.engine.dispose()
