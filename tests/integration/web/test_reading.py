"""Views that are asked by POST and only look: they do not wait for whoever writes."""

import sqlalchemy as sa

from portal.extensions import db
from tests.integration.messages.conftest import make_sender


def test_a_view_that_only_looks_waits_for_no_writer(portal, control) -> None:
    sender = make_sender(portal, control)
    with portal.app.app_context():
        engine: sa.Engine = db.engine
    looks = [f"{sender.root}preview", f"/accounts/{sender.account_id}/webhooks/check"]
    began: list[str] = []
    heard = ("before_cursor_execute", lambda _connection, _cursor, statement, *_rest: began.append(statement))
    sa.event.listen(engine, *heard)
    try:
        for address in looks:
            assert sender.browser.post(address, {"kind": "text", "body": "Hello"}, htmx=True).status == 200
            assert "BEGIN" in began, address
            assert "BEGIN IMMEDIATE" not in began, address
            began.clear()
    finally:
        sa.event.remove(engine, *heard)
