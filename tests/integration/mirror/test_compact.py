"""The staff's list in a browser: times keep to one line, and fifty rows are not endless on a phone."""

import itertools
from datetime import UTC, datetime

from portal.models import StaffRole

HEIGHTS = "[...document.querySelectorAll('table.rows tbody tr')].map(row => row.offsetHeight)"
WRAPPED = "[...document.querySelectorAll('table time')].filter(time => time.getClientRects().length > 1).length"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_rows_are_compact(portal, mirror, control, page):
    control.set(page_size=100)
    control.create_accounts(50, "Some Company of Istanbul")
    mirror.run()
    portal.sql(
        "UPDATE mirrored_account SET created_at = :since, last_activity_at = :since, problem_text = 'A reason'",
        since=datetime(2026, 1, 3, tzinfo=UTC),
    )
    cookie = portal.staff(StaffRole.ADMIN).client.get_cookie("portal")
    with portal.served() as url:
        page.context.add_cookies([{"name": "portal", "value": cookie.value, "url": url}])
        for width, language in itertools.product((1280, 390), ("en", "tr")):
            page.context.add_cookies([{"name": "language", "value": language, "url": url}])
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(f"{url}/staff/accounts/")
            assert page.locator("html").get_attribute("lang") == language
            heights = page.evaluate(HEIGHTS)
            assert len(heights) == 50
            assert sum(heights) < 6_300, "it was 18,000 once"
            assert page.evaluate(WRAPPED) == 0
            assert page.evaluate(WIDER) <= 0
        page.set_viewport_size({"width": 768, "height": 844})
        assert page.evaluate(WIDER) <= 0
