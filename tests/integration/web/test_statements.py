"""What a page asks of the database does not grow with its rows: every page that shows lists, short and long."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from portal.brand import current
from portal.extensions import db, session
from portal.models import (
    Account,
    AuditEntry,
    Channel,
    Credential,
    CredentialKind,
    Delivery,
    DeliveryState,
    Invitation,
    LoginSession,
    Membership,
    Message,
    MessageState,
    MessageType,
    Person,
    PortalWebhook,
    Provisioning,
    Role,
    StaffRole,
    Step,
    WebhookPurpose,
    now,
)

FEW, MANY = 5, 45
MOST = 25
"""Statements, with the one that begins the transaction: more, and a page asks one thing after the other."""
DOES_MORE = {"staff.metrics", "staff.system", "signup.setup"}
"""They look at the portal itself."""


@pytest.fixture
def counted(portal):
    """Counts the statements of a page."""
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    def count(browser, path):
        seen.clear()
        page = browser.get(path)
        assert page.status in (200, 303), f"{path}: {page.status}"
        return len(seen)

    with portal.app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield count
    sa.event.remove(engine, "before_cursor_execute", note)


def grow(account_id, first, last):
    """Rows of everything that an account, and the staff, see lists of."""
    hook = PortalWebhook(
        account_id=account_id,
        purpose=WebhookPurpose.WATCH,
        scope=str(first),
        key=uuid4().hex,
        secret_hash="",
        sealed_secret="",
    )
    session().add(hook)
    session().flush()
    for number in range(first, last):
        at, own = now() - timedelta(minutes=number), {"account_id": account_id}
        person = Person(email=f"{number}@example.com", password_hash="", first_name="Ada", last_name=str(number))
        colleague = Person(email=f"s{number}@example.com", password_hash="", staff_role=StaffRole.SUPPORT)
        other = Account(
            name=f"Shop {number}", contact_email=f"c{number}@example.com", billing_email="", time_zone="UTC"
        )
        session().add_all([person, colleague, other])
        session().flush()
        steps = (Step.WAITING_FOR_APPROVAL, Step.CREATING_ACCOUNT, Step.NEEDS_DETAILS, Step.READY)
        event = Delivery(**own, webhook_id=hook.id, received_at=at, body=b"{}", body_hash=str(number))
        event.state, event.hook = DeliveryState.KEPT, "message.created"
        session().add_all(
            [
                Membership(**own, person_id=person.id, role=Role.MEMBER),
                Invitation(
                    **own,
                    email=f"i{number}@example.com",
                    role=Role.MEMBER,
                    invited_by="a",
                    expires_at=at + timedelta(3),
                ),
                Invitation(
                    email=f"i{number}@example.com",
                    staff_role=StaffRole.SUPPORT,
                    invited_by="a",
                    expires_at=at + timedelta(3),
                ),
                Provisioning(account_id=other.id, step=steps[number % len(steps)]),
                Channel(
                    **own, connexease_uuid=uuid4(), name=f"Number {number}", is_active=True, is_connected=True
                ),
                Credential(**own, kind=CredentialKind.GATEWAY_KEY, name=f"Key {number}", created_by="a"),
                AuditEntry(actor=person.email, actor_id=person.id, action="invited", **own, hash=str(number)),
                event,
                Message(
                    **own,
                    intent=str(number),
                    type=MessageType.TEXT,
                    recipient=f"+90532{number:07}",
                    payload={"text": {"body": "On its way."}},
                    state=MessageState.DELIVERED,
                    confirmed_at=at,
                    sender=person.email,
                    sender_id=person.id,
                    preview="On its way.",
                ),
                LoginSession(person_id=person.id, token_hash=str(number), session_epoch=0),
            ]
        )
    session().commit()


def pages(app, account_id):
    """The addresses of all pages that need nothing but an account, or nothing."""
    for rule in app.url_map.iter_rules():
        is_page = "GET" in rule.methods and rule.arguments <= {"account_id"} and rule.endpoint not in DOES_MORE
        if is_page and rule.rule.startswith(("/accounts", "/staff")) and not rule.rule.endswith(".csv"):
            yield rule.rule.replace("<uuid:account_id>", str(account_id))


def test_longer_lists_take_no_more_statements(portal, counted, monkeypatch):
    monkeypatch.setattr(current, "SECONDS", 3600)  # else the brand is read again now and then
    owner, account_id = portal.customer()
    staff = portal.staff(StaffRole.ADMIN)
    paths = sorted(pages(portal.app, account_id))
    who = {path: staff if path.startswith("/staff") else owner for path in paths}

    def statements():
        for path in paths:  # what the first look brings up to date, the second finds done
            who[path].get(path)
        return {path: counted(who[path], path) for path in paths}

    portal.run(grow, account_id, 0, FEW)
    few = statements()
    portal.run(grow, account_id, FEW, MANY)
    many = statements()
    assert {path: (few[path], many[path]) for path in paths if many[path] > few[path]} == {}
    assert {path: count for path, count in many.items() if count > MOST} == {}
