"""The ledger of consent: what goes into it, what counts, and that nothing gets past it."""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col

from portal.campaigns.sending import engine
from portal.connexease import schemas
from portal.contacts.consent import keywords, ledger, noting
from portal.contacts.consent.keywords import Words
from portal.contacts.consent.ledger import Told
from portal.contacts.consent.noting import Choice, Noted
from portal.contacts.importing import batches
from portal.contacts.people import Who, spellings
from portal.db import account_lock
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import db, session
from portal.messages.sending import gateway_call
from portal.models import (
    Account,
    AuditEntry,
    CampaignState,
    ConsentEntry,
    ConsentSource,
    Contact,
    Credential,
    Message,
    MessageState,
    RowState,
    Scope,
    StaffRole,
    TemplateListing,
    Wish,
    now,
)
from tests.integration.campaign_sending.conftest import Campaigner
from tests.integration.contacts.test_contacts import add, receive, root, take, wrote
from tests.integration.messages.conftest import RECIPIENT, Sender, make_sender, text
from tests.integration.messages.test_composer import send, template, write
from tests.integration.messages.test_gateway_reports import Gateway, status
from tests.support.suite.concurrent import beside, outcome
from tests.support.suite.marks import both_databases
from tests.support.suite.patience import wait_until

ORDER = schemas.TemplateMessage(
    to=RECIPIENT, template=schemas.TemplateUse(name="spring_sale", language=schemas.Language(code="tr"))
)


def out_of(sender: Sender, number: str = RECIPIENT, user_id: str = "") -> str:
    found = sender.portal.run(lambda: ledger.standing(sender.account_id, Who(number, user_id)).out_of)
    return found.value if found else ""


def note(sender: Sender, choice: Choice, number: str = RECIPIENT) -> None:
    sender._inside(
        lambda person, account: noting.note(person, account, Who(number), Noted(choice), as_staff=False)
    )


def at_once(seconds: float = 0) -> str:
    return str(int((now() + timedelta(seconds=seconds)).timestamp()))


# --- what people write -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        *[
            (word, "marketing")
            for word in ("STOP", "stop", " Stop! ", "“DUR”", "dur.", "İPTAL", "iptal", "IPTAL", "ıptal")
        ],
        *[(word, "marketing") for word in ("İPTAL ", "Arret", "ARRÊT", "СТОП", "abonelikten  çık")],
        ("stop all", "everything"),
        *[(word, "") for word in ("please stop", "stop it", "durum", "", "s t o p", "stop " * 50)],
    ],
)
def test_a_word_counts_whole_and_however_it_is_spelled(
    sender: Sender, gateway: Gateway, said: str, expected: str
) -> None:
    receive(gateway, wrote(RECIPIENT, text=said))
    assert out_of(sender) == expected


@both_databases
def test_out_and_in_by_word_and_the_newest_counts_in_any_order(portal, control) -> None:
    gateway = Gateway(make_sender(portal, control))
    sender = gateway.sender
    receive(gateway, wrote(RECIPIENT, text="START", timestamp=at_once(-10)))
    receive(gateway, wrote(RECIPIENT, text="STOP", timestamp=at_once(-20)))
    assert out_of(sender) == ""
    receive(gateway, wrote(RECIPIENT, text="stop", timestamp=at_once(-5)))
    assert out_of(sender) == "marketing"
    assert {row.detail for row in portal.rows(ConsentEntry)} == {"START", "STOP", "stop"}


def test_of_two_at_one_instant_the_one_that_says_out_counts(sender: Sender, gateway: Gateway) -> None:
    at = at_once(-5)
    receive(gateway, wrote(RECIPIENT, text="STOP", timestamp=at))
    receive(gateway, wrote(RECIPIENT, text="START", timestamp=at))
    assert out_of(sender) == "marketing"


def test_a_clock_that_is_ahead_does_not_outlive_what_is_said_later(sender: Sender, gateway: Gateway) -> None:
    receive(gateway, wrote(RECIPIENT, text="START", timestamp=at_once(3600)))
    note(sender, Choice.NO_MARKETING)
    assert out_of(sender) == "marketing"


def test_a_button_of_a_template_counts_by_its_words_or_by_what_it_brings_back(
    sender: Sender, gateway: Gateway
) -> None:
    receive(gateway, wrote(RECIPIENT, text="", type="button", button={"text": "Stop promotions", "payload": "x"}))
    receive(
        gateway, wrote("+905301112233", text="", type="button", button={"text": "No thanks", "payload": "STOP"})
    )
    reply = {"type": "button_reply", "button_reply": {"id": "1", "title": "Dur"}}
    receive(gateway, wrote("+905301112244", text="", type="interactive", interactive=reply))
    assert {row.source.value for row in sender.portal.rows(ConsentEntry)} == {"button"}
    assert [out_of(sender, number) for number in (RECIPIENT, "+905301112233", "+905301112244")] == [
        "marketing"
    ] * 3


def test_an_account_has_words_of_its_own(sender: Sender, gateway: Gateway) -> None:
    form = sender.browser.get(f"{root(sender)}opting-out")
    assert "İPTAL" in form.values("Save words")["stop"]
    page = sender.browser.submit(form, "Save words", stop="Yeter\nbasta\n\nBASTA", start="geri")
    assert page.status == 303, page.text
    receive(gateway, wrote(RECIPIENT, text="STOP"))
    assert out_of(sender) == ""
    receive(gateway, wrote(RECIPIENT, text="YETER", timestamp=at_once(-1)))
    assert out_of(sender) == "marketing"
    shown = sender.browser.get(f"{root(sender)}opting-out")
    assert shown.values("Save words")["stop"].splitlines() == ["Yeter", "basta"]
    twice = sender.browser.submit(shown, "Save words", start="basta")
    assert (twice.status, list(twice.errors)) == (422, ["start"])
    assert [row.action for row in sender.portal.rows(AuditEntry)][-1] == "consent.words_changed"


def test_whoever_opts_out_is_answered_once_and_only_while_that_is_free(sender: Sender, gateway: Gateway) -> None:
    key = sender.portal.rows(Credential)[0].id
    sender._inside(
        lambda person, account: keywords.change(person, account, Words(confirmation="Done.", credential_id=key))
    )
    receive(gateway, wrote("+905301112233", text="STOP", timestamp=at_once(-24 * 3600)))
    receive(gateway, wrote(RECIPIENT, text="STOP", timestamp=at_once(-2)))
    receive(gateway, wrote(RECIPIENT, text="stop", timestamp=at_once(-1)))
    receive(gateway, wrote("+905301112244", text="STOP ALL", timestamp=at_once(-1)))
    sender.portal.sweep()
    sender.portal.work()
    assert [
        (body["to"], body["text"]["body"]) for body in (json.loads(call["body"]) for call in sender.calls())
    ] == [(RECIPIENT, "Done.")]
    assert (
        "confirmed the opt-out of +90 ••• 67" in sender.browser.get(f"/accounts/{sender.account_id}/history/").text
    )


# --- by hand -----------------------------------------------------------------------------------------


def test_somebody_of_the_account_notes_what_a_contact_wants(sender: Sender) -> None:
    page = sender.browser.follow(add(sender, number=RECIPIENT, name="Ayşe"))
    wrong = sender.browser.submit(page, "Save choice", choice="nothing", reason="")
    assert (wrong.status, list(wrong.errors)) == (422, ["reason"])
    done = sender.browser.submit(page, "Save choice", choice="no_marketing", reason="By phone")
    shown = sender.browser.follow(done)
    for words in ("Opted out of marketing", "By phone", "Recorded by your team", "No marketing"):
        assert words in shown.text
    assert out_of(sender) == "marketing"
    sender.browser.submit(shown, "Save choice", choice="nothing", reason="By mail")
    assert out_of(sender) == "everything"
    assert "Write a message" not in sender.browser.get(page.path).text
    sender.browser.submit(shown, "Save choice", choice="everything", reason="Back again")
    assert out_of(sender) == ""
    assert "Ayşe" in sender.browser.get(root(sender), query_string={"q": "ayşe", "out": ""}).text


def test_staff_note_it_by_number_and_see_nobody(sender: Sender) -> None:
    staff = sender.portal.staff(StaffRole.ADMIN)
    assert staff.get(root(sender)).status == 404
    assert "Opt-outs" in staff.get(f"/accounts/{sender.account_id}/").text
    page = staff.get(f"{root(sender)}note")
    done = staff.submit(page, "Save choice", number="0532 123 45 67", choice="nothing", reason="Called us")
    assert done.status == 303
    [row] = [row for row in sender.portal.rows(ConsentEntry) if row.wish == Wish.OUT]
    assert (row.source, row.number) == ("staff", RECIPIENT)
    assert out_of(sender) == "everything"
    history = sender.browser.get(f"/accounts/{sender.account_id}/history/").text
    assert "recorded that +90 ••• 67 opted out of all messages" in history


def test_the_ledger_is_taken_away_as_a_file(sender: Sender, gateway: Gateway) -> None:
    receive(gateway, wrote(RECIPIENT, text="DUR"))
    note(sender, Choice.EVERYTHING)
    lines = sender.browser.get(f"{root(sender)}consent.csv").response.get_data().decode().splitlines()
    assert len(lines) == 4
    assert '"Marketing","No","By message","DUR"' in lines[-1]
    assert f'"{RECIPIENT}"' in lines[-1]


def test_an_old_list_brings_nobody_back(sender: Sender, gateway: Gateway) -> None:
    receive(gateway, wrote(RECIPIENT, text="STOP"))
    take(sender, f"phone,opted in since\n{RECIPIENT},2026-01-01")
    assert out_of(sender) == "marketing"
    [row] = sender.portal.rows(Contact)
    assert row.out_of == "marketing"


# --- where messages go out ---------------------------------------------------------------------------


def test_the_form_refuses_what_the_recipient_does_not_want(sender: Sender) -> None:
    note(sender, Choice.NO_MARKETING)
    page = write(sender, **template())
    assert page.status == 422
    assert "opted out of marketing on" in page.errors["to"]
    assert sender.portal.rows(Message) == []
    assert write(sender, **template(is_not_marketing="y", intent="2")).status == 303
    assert write(sender, intent="3").status == 303
    assert write(sender, **template(is_not_marketing="y", mmlite="y", intent="4")).status == 422
    note(sender, Choice.NOTHING)
    for number, typed in enumerate(({}, template(is_not_marketing="y"))):
        page = write(sender, **typed, intent=f"n{number}")
        assert "opted out of all messages on" in page.errors["to"]


@both_databases
def test_who_opts_out_between_the_steps_gets_nothing(portal, control) -> None:
    sender = make_sender(portal, control)
    waiting = sender.prepare(ORDER)
    note(sender, Choice.NO_MARKETING)
    with pytest.raises(DomainError, match="opted out of marketing"):
        sender.confirm(waiting)
    assert sender.message(waiting).state == "prepared"
    portal.sql("UPDATE message SET state = 'queued', confirmed_at = created_at, next_attempt_at = created_at")
    portal.run(gateway_call.send, waiting)
    row = sender.message(waiting)
    assert (row.state, row.code, row.claimed_until) == ("refused", "opted_out", None)
    assert sender.calls() == []
    assert "opted out of marketing, so the message" in sender.page(waiting).text


@both_databases
def test_who_opts_out_while_the_worker_is_at_it_gets_nothing(portal, control) -> None:
    sender = make_sender(portal, control)
    waiting = sender.prepare(ORDER)
    portal.sql("UPDATE message SET state = 'queued', confirmed_at = created_at, next_attempt_at = created_at")

    def opt_out_first() -> Future[None]:
        with unit_of_work():
            account_lock.take(sender.account_id)
            # It waits for the lock, wherever it has come to by then.
            worker = beside(lambda: portal.run(gateway_call.send, waiting))
            told = Told(Who(RECIPIENT), Scope.MARKETING, Wish.OUT, ConsentSource.KEYWORD)
            ledger.add(sender.account_id, [told])
            session().commit()
        return worker

    outcome(portal.run(opt_out_first))
    assert (sender.message(waiting).state, sender.calls()) == ("refused", [])


def test_everything_stops_any_message_and_other_accounts_are_not_asked(sender: Sender) -> None:
    note(sender, Choice.NOTHING)
    with pytest.raises(DomainError, match="opted out of all messages"):
        sender.send()
    note(sender, Choice.NOTHING, "+905301112233")
    _other, other_id = sender.portal.customer(contact_email="other@tenant.example.com", name="Other Ltd")
    found = sender.portal.run(lambda: ledger.standing(other_id, Who(RECIPIENT)).out_of)
    assert found is None


def test_a_message_that_failed_for_it_opts_out(sender: Sender, gateway: Gateway) -> None:
    row = sender.send(ORDER)
    gateway.report(status(row.wamid, "failed", errors=[{"code": 131050, "title": "Opted out"}]))
    with pytest.raises(DomainError, match="opted out of marketing"):
        sender.prepare(ORDER, "intent-2")


@pytest.mark.parametrize(
    ("number", "wa_id"), [("+525512345678", "+5215512345678"), ("+5511987654321", "+551187654321")]
)
def test_a_number_that_whatsapp_writes_in_another_way_is_the_same(
    sender: Sender, gateway: Gateway, number: str, wa_id: str
) -> None:
    receive(gateway, wrote(wa_id, text="STOP"))
    assert out_of(sender, number) == "marketing"
    assert len(set(spellings(number)) & set(spellings(wa_id))) == 2


def test_what_meta_says_of_a_template_is_believed(sender: Sender, gateway: Gateway) -> None:
    row = sender.send(ORDER)
    pricing = {"type": "regular", "category": "utility", "billable": True}
    gateway.report(status(row.wamid, "delivered", pricing=pricing))
    assert sender.portal.one(TemplateListing).categories == {"spring_sale tr": "utility"}
    note(sender, Choice.NO_MARKETING)
    assert not sender.message(sender.prepare(ORDER, "intent-2")).is_marketing
    told = {"message_template_name": "spring_sale", "message_template_language": "tr", "new_category": "MARKETING"}
    receive(gateway, ("template_category_update", told))
    for is_not_marketing in (True, False):
        with pytest.raises(DomainError, match="opted out of marketing"):
            sender.prepare(ORDER, "intent-3", is_not_marketing=is_not_marketing)


def test_a_text_to_somebody_who_is_out_of_marketing_goes_out(sender: Sender) -> None:
    note(sender, Choice.NO_MARKETING)
    assert send(sender).status == 303
    assert [row.state for row in sender.portal.rows(Message)] == ["accepted"]


# --- whatever happens --------------------------------------------------------------------------------

PEOPLE = [(RECIPIENT, "US.1"), ("+905301112233", "US.2"), ("+5215512345678", "")]
STEP = st.tuples(
    st.sampled_from(
        (
            *("stop", "start", "all", "pref_stop", "pref_resume", "hand_out", "hand_in"),
            *("import_out", "import_old_in", "import_plain", "erase", "link", "send"),
        )
    ),
    st.integers(0, len(PEOPLE) - 1),
    st.booleans(),
)


TOUCHED = (
    *("campaign_row", "campaign_tally", "campaign_reason", "campaign", "contact_import_part", "contact_import"),
    *("inbound_message", "contact", "consent_entry", "message_status", "message", "delivery_kind"),
    *("contact_search", "inbound_search"),
)


class Model:
    """What each person wants, told by the simplest rule: the last thing that was said."""

    def __init__(self) -> None:
        self.is_out = dict.fromkeys(range(len(PEOPLE)), False)
        self.is_out_of_all = dict.fromkeys(range(len(PEOPLE)), False)


@contextmanager
def clean(sender: Sender) -> Any:
    yield
    with sender.portal.app.app_context(), db.engine.begin() as connection:
        for table in TOUCHED:
            connection.exec_driver_sql(f"DELETE FROM {table}")


def test_no_sequence_sends_marketing_to_somebody_who_is_out(sender: Sender) -> None:
    """Of imports, opt-outs, opt-ins, merges, erasures and sends. After it everybody is sent to in every way."""
    tries, sent = iter(range(10_000)), []

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.lists(STEP, min_size=1, max_size=9))
    def run(steps: list[tuple[str, int, bool]]) -> None:
        model = Model()
        with clean(sender), sender.portal.app.test_request_context():
            for step in steps:
                walk(sender, model, step, next(tries))
            sent.extend(send_to_all(sender, model, tries))

    run()
    for way in WAYS:
        assert (way, True) in sent, "marketing went out to those who are not out"
        assert (way, False) in sent


DUE = {"confirmed_at": col(Message.created_at), "next_attempt_at": col(Message.created_at)}
WAYS = ("campaign", "at once", "queued")


def send_to_all(sender: Sender, model: Model, tries: Iterator[int]) -> Iterator[tuple[str, bool]]:
    """Send everybody marketing in every way; what was tried, and whether it went out."""
    by_campaign = sent_by_campaign(sender)
    for person, (phone, _user) in enumerate(PEOPLE):
        is_out = model.is_out[person] or model.is_out_of_all[person]
        tried = {
            "campaign": phone in by_campaign,
            "at once": attempt(sender, phone, next(tries), is_queued=False),
            "queued": attempt(sender, phone, next(tries), is_queued=True),
        }
        assert not (is_out and any(tried.values())), (phone, tried)
        yield from tried.items()


def walk(sender: Sender, model: Model, step: tuple[str, int, bool], number: int) -> None:
    """Take one step."""
    what, person, by_user = step
    phone, user = PEOPLE[person]
    who = Who("", user) if by_user and user else Who(phone)
    account = session().get_one(Account, sender.account_id)
    match what:
        case "link":
            link(sender, Who(phone, user))
        case "erase":
            sender._inside(lambda actor, acc: erase(actor, acc, phone))
        case "send":
            is_sent = attempt(sender, phone, number, is_queued=by_user)
            assert not (is_sent and (model.is_out[person] or model.is_out_of_all[person])), (what, phone)
        case "import_out" | "import_old_in" | "import_plain":
            row = {"import_out": "x,", "import_old_in": ",2020-01-01", "import_plain": ","}[what]
            body = f"phone,opted out,opted in since\n{phone},{row}".encode()
            sender._inside(lambda actor, acc: bring(actor, acc, body, f"import-{number}"))
            model.is_out[person] |= what == "import_out"
        case "hand_out" | "hand_in":
            choice = Choice.NO_MARKETING if what == "hand_out" else Choice.EVERYTHING
            link(sender, Who(phone, user))
            sender._inside(lambda actor, acc: noting.note(actor, acc, Who(phone), Noted(choice), as_staff=False))
            model.is_out[person], model.is_out_of_all[person] = what == "hand_out", False
        case _:
            link(sender, Who(phone, user))
            say(account, who, what)
            model.is_out[person] = {"stop": True, "pref_stop": True, "start": False, "pref_resume": False}.get(
                what, model.is_out[person]
            )
            model.is_out_of_all[person] = {"all": True, "start": False}.get(what, model.is_out_of_all[person])


def bring(actor: Any, account: Account, body: bytes, intent: str) -> None:
    batches.carry_on(batches.begin(actor, account, BytesIO(body), intent=intent).id)


def sent_by_campaign(sender: Sender) -> set[str]:
    """Send everybody marketing by one campaign; to whom it went out."""
    campaigner = Campaigner(sender)
    campaign_id = campaigner.confirmed(numbers=[phone for phone, _user in PEOPLE], most_failures=100)

    def is_through() -> bool:
        engine.advance()
        return campaigner.campaign(campaign_id).state != CampaignState.RUNNING

    wait_until(is_through, pause=0)
    rows = campaigner.rows(campaign_id)
    assert {row.state for row in rows} <= {RowState.ACCEPTED, RowState.SKIPPED}
    return {row.recipient for row in rows if row.state == RowState.ACCEPTED}


def say(account: Account, who: Who, what: str) -> None:
    wishes = {
        "stop": [(Scope.MARKETING, Wish.OUT)],
        "pref_stop": [(Scope.MARKETING, Wish.OUT)],
        "pref_resume": [(Scope.MARKETING, Wish.IN)],
        "all": [(Scope.EVERYTHING, Wish.OUT)],
        "start": [(Scope.MARKETING, Wish.IN), (Scope.EVERYTHING, Wish.IN)],
    }[what]
    with unit_of_work():
        account_lock.take(account.id)
        ledger.add(account.id, [Told(who, scope, wish, ConsentSource.KEYWORD) for scope, wish in wishes])
        session().commit()


def link(sender: Sender, who: Who) -> None:
    """The gateway names somebody by number and by user id."""
    from portal.contacts.book import Book  # noqa: PLC0415
    from portal.models import ContactSource  # noqa: PLC0415

    with unit_of_work():
        account_lock.take(sender.account_id)
        book = Book(sender.account_id, [who])
        book.take_in(who, ContactSource.WROTE)
        book.save()
        session().commit()


def erase(actor: Any, account: Account, phone: str) -> None:
    from portal.messages.threads import erasing  # noqa: PLC0415

    for contact in ledger.contacts_of(account.id, [Who(phone)]):
        erasing.erase(actor, account, contact.id or 0)


def attempt(sender: Sender, phone: str, number: int, *, is_queued: bool) -> bool:
    """Try to send marketing; whether the gateway took it."""
    row_id = None
    try:
        if is_queued:  # as if it had been confirmed before anybody opted out
            row_id = sender.prepare(text(f"Number {number}", phone), f"intent-{number}")
            queued = sa.update(Message).where(col(Message.id) == row_id)
            session().execute(queued.values(is_marketing=True, state=MessageState.QUEUED, **DUE))
            session().commit()
            gateway_call.send(row_id)
        else:
            row_id = sender.prepare(ORDER.model_copy(update={"to": phone}), f"intent-{number}")
            sender.confirm(row_id, anyway=True)
    except DomainError:
        pass
    session().rollback()
    return row_id is not None and session().get_one(Message, row_id, populate_existing=True).wamid is not None
