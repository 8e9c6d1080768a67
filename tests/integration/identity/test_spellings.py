"""A password is the same however a device composes its accents, wherever it is set or asked for."""

import unicodedata

import pytest
from sqlmodel import select

from portal.db.engine import writing
from portal.errors import DomainError
from portal.extensions import session
from portal.identity import authentication, passwords
from portal.models import Person
from tests.support.application.portal import DETAILS

JANE = DETAILS["contact_email"]
COMPOSED = unicodedata.normalize("NFC", "Şifre-é-2026 xx kite")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
WIDE = COMPOSED.replace("2026", "２０２６")
SPELLINGS = [COMPOSED, DECOMPOSED, WIDE]


def log_in(portal, password: str) -> int:
    browser = portal.browser()
    return browser.submit(browser.get("/login"), "Log in", email=JANE, password=password).status


@pytest.mark.parametrize("chosen", SPELLINGS, ids=["composed", "decomposed", "wide"])
def test_every_spelling_logs_in(portal, chosen):
    assert COMPOSED != DECOMPOSED
    portal.sign_up(password=chosen)
    assert [log_in(portal, typed) for typed in SPELLINGS] == [303] * 3
    assert log_in(portal, COMPOSED.replace("é", "e")) == 422


@pytest.mark.parametrize("of_before", [COMPOSED, DECOMPOSED], ids=["composed", "decomposed"])
@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED], ids=["composed", "decomposed"])
def test_a_hash_of_before_goes_on_working_and_is_renewed(portal, of_before, typed):
    portal.customer()
    kept = passwords._hasher.hash(of_before)
    portal.sql("UPDATE person SET password_hash = :kept", kept=kept)
    assert log_in(portal, typed) == 303
    renewed = portal.person(JANE).password_hash
    assert passwords._hasher.verify(renewed, unicodedata.normalize("NFKC", COMPOSED))
    assert [log_in(portal, typed) for typed in SPELLINGS] == [303] * 3
    assert portal.person(JANE).password_hash == renewed, "it is renewed once"


def test_where_it_is_asked_for_again(portal):
    portal.customer()
    portal.sql("UPDATE person SET password_hash = :kept", kept=passwords._hasher.hash(DECOMPOSED))
    with portal.app.test_request_context(), writing():
        person = session().exec(select(Person)).one()
        authentication.confirm_password(person, COMPOSED, "")
        authentication.change_password(person, WIDE, DECOMPOSED + " new")
        authentication.confirm_password(person, COMPOSED + " new", "")
        with pytest.raises(DomainError):
            authentication.confirm_password(person, COMPOSED, "")


def test_nobody_and_somebody_take_the_same_work(portal, monkeypatch):
    portal.customer()
    verified = []
    is_of = passwords._is_of
    monkeypatch.setattr(passwords, "_is_of", lambda *them: verified.append(them) or is_of(*them))
    counts = []
    for stored in (None, passwords.NONE, portal.person(JANE).password_hash):
        assert not passwords.matches(stored, DECOMPOSED)
        counts.append(len(verified))
        verified.clear()
    assert len(set(counts)) == 1
    assert not passwords.matches(None, "only ascii")
    assert len(verified) == 1


def test_its_length_is_that_of_what_is_kept():
    assert "at least 12" in str(passwords.weakness(unicodedata.normalize("NFD", "şşşşşşşş")))
