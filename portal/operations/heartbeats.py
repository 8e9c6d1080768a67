"""Heartbeats: the sign of life that the worker leaves every minute."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col

from portal.db import dialect
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.models import Heartbeat, now

WORKER = "worker"
SILENT_AFTER = timedelta(minutes=3)


def beat(name: str = WORKER) -> None:
    """Leave a sign of life."""
    at = now()
    with unit_of_work():
        put = dialect.insert(session(), Heartbeat).values(name=name, at=at)
        session().execute(put.on_conflict_do_update(index_elements=["name"], set_={"at": at}))
        session().commit()


def last(name: str = WORKER) -> datetime | None:
    """When the last sign of life came; none when there never was one."""
    return session().execute(sa.select(col(Heartbeat.at)).where(col(Heartbeat.name) == name)).scalar()


def is_alive(name: str = WORKER) -> bool:
    """Whether a sign of life came lately."""
    at = last(name)
    return at is not None and at > now() - SILENT_AFTER
