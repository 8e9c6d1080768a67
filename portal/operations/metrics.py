"""What a monitoring system reads, in Prometheus's text format. All of it is bounded, and none of it is secret."""

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlmodel import col

from portal.extensions import session
from portal.models import Account, Channel, Message, MessageState, Provisioning, Tally, now
from portal.operations import backlog, heartbeats

__all__ = ["CONTENT_TYPE", "exposition"]

Samples = dict[str, float]
"""By the value of the one label."""


class _FromTheDatabase(Collector):
    """Reads each metric when it is asked for: the numbers are those of all processes together."""

    def collect(self) -> Iterator[Metric]:
        last = heartbeats.last()
        if last is not None:
            age = (now() - last).total_seconds()
            yield _gauge("portal_worker_silent_seconds", "Seconds since the worker's last heartbeat.", age)
        rows = backlog.waiting()
        waits = {row.kind: float(row.count) for row in rows}
        yield _gauges("portal_backlog", "Rows that are waiting to be processed.", "kind", waits)
        overdue = {row.kind: float(row.overdue) for row in rows}
        yield _gauges(
            "portal_backlog_overdue", "Rows that have been overdue for more than five minutes.", "kind", overdue
        )
        yield _gauge("portal_mails_failed", "Emails that couldn't be sent.", backlog.failed_mails())
        yield _gauges("portal_setups", "Accounts, by the step of their setup.", "step", _setups())
        yield _gauge("portal_accounts", "Accounts.", _count(Account, sa.true()))
        yield _gauges("portal_channels", "Channels, by whether they are connected.", "connected", _channels())
        yield _gauge("portal_messages_unknown", "Messages whose outcome is unknown.", _unknown())
        happened = CounterMetricFamily(
            "portal_happened", "Events received and messages confirmed, as counted so far.", labels=["kind"]
        )
        for kind, value in _happened().items():
            happened.add_metric([kind], value)
        yield happened


def exposition() -> bytes:
    """Every metric with its help, a line for each of its samples."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FromTheDatabase())
    return generate_latest(registry)


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _gauges(name: str, told: str, label: str, samples: Samples) -> Metric:
    family = GaugeMetricFamily(name, told, labels=[label])
    for value, number in samples.items():
        family.add_metric([value], number)
    return family


def _setups() -> Samples:
    step = col(Provisioning.step)
    query = sa.select(step, sa.func.count()).group_by(step)
    return {row[0].value: float(row[1]) for row in session().execute(query)}


def _channels() -> Samples:
    words = {True: "yes", False: "no", None: "unknown"}
    there = col(Channel.gone_at).is_(None)
    query = sa.select(col(Channel.is_connected), sa.func.count()).where(there).group_by(col(Channel.is_connected))
    return {words[row[0]]: float(row[1]) for row in session().execute(query)}


def _happened() -> Samples:
    kind = col(Tally.kind)
    query = sa.select(kind, sa.func.sum(col(Tally.count))).group_by(kind)
    return {row[0]: float(row[1]) for row in session().execute(query)}


def _unknown() -> float:
    return float(backlog.count(col(Message.state) == MessageState.UNKNOWN, col(Message.id)))


def _count(model: type, when: sa.ColumnElement[bool]) -> float:
    return float(session().execute(sa.select(sa.func.count()).select_from(model).where(when)).scalar_one())
