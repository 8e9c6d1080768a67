"""Limits hold for all processes together, without a Redis."""

import re

import pytest
import requests
from limits import RateLimitItemPerHour
from limits.strategies import FixedWindowRateLimiter

from portal.models import Account
from portal.web import rate_limit_counts
from portal.web.rate_limit_counts import DatabaseCounts
from tests.support.application.portal import DETAILS, PASSWORD
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases

TEN = RateLimitItemPerHour(10)


@pytest.fixture
def counts(settings_for):
    """Two processes' counts in one database."""
    url = settings_for().database_sqlalchemy_url
    both = [DatabaseCounts(rate_limit_counts.URI, database_url=url) for _ in range(2)]
    yield both
    for each in both:
        each.reset()
        each.close()


@both_databases
def test_who_counts_at_once_counts_together(counts):
    limiters = [FixedWindowRateLimiter(each) for each in counts]
    let_through = at_once(*[lambda limiter=limiter: limiter.hit(TEN, "SIGNUPS", "a") for limiter in limiters * 10])
    assert sorted(let_through) == [False] * 10 + [True] * 10
    assert limiters[0].hit(TEN, "SIGNUPS", "b"), "somebody else has their own"
    assert limiters[1].get_window_stats(TEN, "SIGNUPS", "a").remaining == 0


@both_databases
def test_a_window_ends_and_is_forgotten(counts, monkeypatch):
    limiter, now = FixedWindowRateLimiter(counts[0]), 1_790_000_000.0
    monkeypatch.setattr(rate_limit_counts.time, "time", lambda: now)
    assert [limiter.hit(TEN, "a") for _ in range(11)] == [True] * 10 + [False]
    assert limiter.get_window_stats(TEN, "a").reset_time == now + 3600
    now += 3601
    assert limiter.get_window_stats(TEN, "a").remaining == 10
    assert limiter.hit(TEN, "a"), "a new window"
    assert counts[1].get(TEN.key_for("a")) == 1
    now += 3601
    counts[1].clean()
    assert counts[0].reset() == 0, "nothing is left"


def test_names_of_people_are_not_kept(counts, tmp_path, settings_for):
    counts[0].incr("LIMITER/email/jane@acme.example.com", 3600)
    file = settings_for().database_sqlalchemy_url.removeprefix("sqlite:///") + ".limits"
    counts[0].close()
    with open(file, "rb") as kept:
        assert b"jane" not in kept.read()


def sign_up(url: str, number: int) -> int:
    with requests.Session() as browser:
        page = browser.get(f"{url}/signup", timeout=60).text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, page
        fields = {**DETAILS, "contact_email": f"jane{number}@acme.example.com", "password": PASSWORD}
        fields |= {"csrf_token": found[1]}
        return browser.post(f"{url}/signup", fields, timeout=60, allow_redirects=False).status_code


@both_databases
def test_twenty_sign_ups_at_two_processes_let_ten_through(portal, gunicorn):
    url = gunicorn()
    statuses = at_once(*[lambda number=number: sign_up(url, number) for number in range(20)])
    assert sorted(statuses) == [303] * 10 + [422] * 10
    assert len(portal.rows(Account)) == 10
