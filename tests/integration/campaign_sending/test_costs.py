"""What a campaign costs: its page the same for any number of rows, a batch a handful of statements."""

import threading

import pytest
import sqlalchemy as sa

from portal.brand import current
from portal.campaigns.sending import engine
from portal.extensions import db
from portal.models import CampaignState


@pytest.fixture
def counted(portal):
    """Counts the statements that something takes; not those of other threads, which note down their calls together
    or one by one, as it happens."""
    seen, mine = [], threading.get_ident()

    def note(_connection, _cursor, statement, *_rest):
        if threading.get_ident() == mine:
            seen.append(statement)

    def count(do):
        seen.clear()
        do()
        return len(seen)

    with portal.app.app_context():
        bound = db.engine
    sa.event.listen(bound, "before_cursor_execute", note)
    yield count
    sa.event.remove(bound, "before_cursor_execute", note)


def test_the_page_takes_the_same_statements_for_few_rows_and_for_many(campaigner, counted, monkeypatch) -> None:
    monkeypatch.setattr(current, "SECONDS", 3600)  # else the brand may be read again for one of the pages

    def page(campaign_id, rest=""):
        root = f"/accounts/{campaigner.sender.account_id}/campaigns/{campaign_id}/"
        return lambda: campaigner.sender.browser.get(f"{root}{rest}")

    few = campaigner.confirmed(3, state=CampaignState.PAUSED)
    many = campaigner.confirmed(300, first=1000, state=CampaignState.PAUSED)
    for rest in ("", "rows?state=waiting"):
        page(few, rest)()
        assert counted(page(few, rest)) == counted(page(many, rest)) <= 15


def test_a_batch_takes_a_handful_of_statements(campaigner, counted) -> None:
    campaigner.confirmed(400)

    def turns():
        for _ in range(4):
            campaigner.portal.run(engine.advance)

    turns()
    assert counted(turns) <= 4 * 35
    campaigner.portal.run(engine.finish)
