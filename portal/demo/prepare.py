"""What happens before the demo serves: the tables, and the story, or a login for the staff and nothing else.

`python -m portal.demo FOLDER [--empty]`, with the environment of the portal and the sandbox running.
"""

import argparse
import gc
import logging
import sys
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


def main() -> int:
    """Prepare a folder; what was prepared before stays as it is."""
    parser = argparse.ArgumentParser(prog="python -m portal.demo", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--empty", action="store_true", help="no story: only a login for the staff")
    asked = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    app = create_app()
    logging.getLogger().setLevel(logging.ERROR)
    with app.app_context():
        migrate.upgrade(db.engine)
        chain.seal()
    settings: Settings = app.config["SETTINGS"]
    vendor = Vendor(settings.connexease_api_url)
    vendor.wait(settings.connexease_reseller_token.get_secret_value())
    if (asked.folder / TOLD).exists():
        for fault in lasting_faults(asked.folder):  # the sandbox forgot them when it ended
            vendor.fault(**fault)
        return 0
    (asked.folder / BEGUN).touch()
    faults = _tell(app, vendor, is_empty=asked.empty)
    note_end(asked.folder, faults, is_empty=asked.empty)
    print(f"Prepared within {time.process_time():.1f} seconds of processor time.")  # noqa: T201 - for its log
    return 0


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


if __name__ == "__main__":
    sys.exit(main())
