"""Killed between the confirmation, the call and its result: no message is sent twice, and none is forgotten."""

from collections import Counter

from tests.integration.messages.conftest import make_sender, text
from tests.support.suite.marks import both_databases

MOST = 40


@both_databases
def test_killed_anywhere(portal, control, victim, database_url) -> None:
    sender, ends = make_sender(portal, control), Counter[tuple[str, int]]()
    for boundary in range(1, MOST):
        message_id = sender.prepare(text(f"Number {boundary}"), f"intent-{boundary}")
        control.clear_requests()
        end = victim(database_url, message_id, boundary, "message")
        assert end in ("killed", "done"), boundary
        left = sender.message(message_id).state
        portal.sql("UPDATE message SET claimed_until = created_at WHERE claimed_until IS NOT NULL")
        for _ in range(2):
            portal.sweep()
            portal.work()
        row, calls = sender.message(message_id), len(sender.calls())
        assert calls <= 1, (boundary, "sent twice")
        if left == "prepared":
            assert (row.state, calls) == ("prepared", 0), boundary
        elif left == "queued":
            assert (row.state, calls) == ("accepted", 1), (boundary, "it was confirmed, so it is sent")
        else:
            assert row.state in ("accepted", "unknown"), boundary
        sent = [
            each for each in control.gateway_messages() if each["body"]["text"]["body"] == f"Number {boundary}"
        ]
        assert len(sent) == calls
        ends[row.state, calls] += 1
        sender.confirm(message_id)  # the button again, afterwards
        assert len(sender.calls()) == 1 if calls or left == "prepared" else not sender.calls(), boundary
        if end == "done":
            break
    assert end == "done"
    assert set(ends) >= {("prepared", 0), ("accepted", 1), ("unknown", 0), ("unknown", 1)}, ends
