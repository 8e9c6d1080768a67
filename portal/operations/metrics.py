"""What a monitoring system reads, in Prometheus's text format. All of it is bounded, and none of it is secret."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import col

from portal.extensions import session
from portal.models import Account, Channel, Message, MessageState, Provisioning, Tally, now
from portal.operations import backlog, heartbeats

TEXT = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[dict[str, str], float]


def exposition() -> str:
    """Every metric with its help, a line for each of its samples."""
    lines: list[str] = []
    for name, kind, told, samples in _metrics():
        lines += [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{_labels(labels)} {value:.15g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _metrics() -> Iterator[tuple[str, str, str, list[Sample]]]:
    last = heartbeats.last()
    if last is not None:
        age = (now() - last).total_seconds()
        yield "portal_worker_silent_seconds", "gauge", "Since the worker's last sign of life.", [({}, age)]
    rows = backlog.waiting()
    waits = [({"kind": row.kind}, float(row.count)) for row in rows]
    yield "portal_backlog", "gauge", "Rows that wait to be worked on.", waits
    overdue = [({"kind": row.kind}, float(row.overdue)) for row in rows]
    yield "portal_backlog_overdue", "gauge", "Rows that have been due for minutes.", overdue
    yield "portal_mails_failed", "gauge", "Mails that nobody took.", [({}, float(backlog.failed_mails()))]
    yield "portal_setups", "gauge", "Accounts by the step of their set-up.", _setups()
    yield "portal_accounts", "gauge", "Accounts.", [({}, _count(Account, sa.true()))]
    yield "portal_channels", "gauge", "Channels by whether they are connected.", _channels()
    yield "portal_messages_unknown", "gauge", "Messages whose outcome nobody knows.", [({}, _unknown())]
    yield (
        "portal_happened_total",
        "counter",
        "Events received and messages confirmed, as far as counted.",
        _happened(),
    )


def _setups() -> list[Sample]:
    step = col(Provisioning.step)
    query = sa.select(step, sa.func.count()).group_by(step)
    return [({"step": row[0].value}, float(row[1])) for row in session().execute(query)]


def _channels() -> list[Sample]:
    words = {True: "yes", False: "no", None: "unknown"}
    there = col(Channel.gone_at).is_(None)
    query = sa.select(col(Channel.is_connected), sa.func.count()).where(there).group_by(col(Channel.is_connected))
    return [({"connected": words[row[0]]}, row[1]) for row in session().execute(query)]


def _happened() -> list[Sample]:
    kind = col(Tally.kind)
    query = sa.select(kind, sa.func.sum(col(Tally.count))).group_by(kind)
    return [({"kind": row[0]}, float(row[1])) for row in session().execute(query)]


def _unknown() -> float:
    return float(backlog.count(col(Message.state) == MessageState.UNKNOWN, col(Message.id)))


def _count(model: type, when: sa.ColumnElement[bool]) -> float:
    return float(session().execute(sa.select(sa.func.count()).select_from(model).where(when)).scalar_one())


def _labels(labels: dict[str, str]) -> str:
    written = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{written}}}" if written else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
