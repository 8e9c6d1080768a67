"""The reseller's own people: who joined, who left, and who is invited."""

from datetime import date
from uuid import UUID

from sqlmodel import select

from portal.campaigns.prices import rate_card
from portal.customers.invitations import lifecycle
from portal.demo.logins import ADMIN, AUDITOR, PASSWORD, SUPPORT, Login
from portal.demo.stage import Scenes, Stage
from portal.demo.story.customer import join, log_in, set_up_app
from portal.extensions import session
from portal.identity import email_change
from portal.identity.authentication import request_reset
from portal.models import Invitation, Person, StaffRole, now
from portal.staff.people import staff_members

MADE_UP_PRICES = (
    *(("TR", "marketing", "0.02"), ("TR", "utility", "0.01"), ("TR", "authentication", "0.01")),
    *(("DE", "marketing", "0.15"), ("DE", "utility", "0.07"), ("", "marketing", "0.07"), ("", "fee", "0.001")),
)
FORMER = Login("Tolga Şahin", "tolga@example.com", "Left the staff")


def first_admin(stage: Stage) -> None:
    """The login that every demo has, an empty one too."""
    first, last = ADMIN.names
    with stage.visitor():
        staff_members.create(
            ADMIN.email, PASSWORD, StaffRole.ADMIN, first_name=first, last_name=last, time_zone="Europe/Istanbul"
        )
    set_up_app(stage, ADMIN)


def people(stage: Stage) -> Scenes:
    """Colleagues join, one leaves, and some never answer."""
    yield stage.ago(31, "09:05")
    first_admin(stage)
    for days, who, role in ((30, SUPPORT, "support"), (28, AUDITOR, "read_only"), (27, FORMER, "support")):
        yield stage.ago(days, "09:30")
        _invite(stage, who.email, StaffRole(role))
        yield stage.ago(days, "10:45")
        join(stage, who)
        if who.has_code:
            set_up_app(stage, who)
    yield stage.ago(26, "14:00")
    _enter_prices(stage)
    yield stage.ago(16, "11:20")
    _invite(stage, "derya@example.com", StaffRole.SUPPORT)  # nobody accepts it: it runs out after a week
    yield stage.ago(12, "15:00")
    _invite(stage, "wrong.address@example.com", StaffRole.ADMIN)
    yield stage.ago(12, "15:02")
    with stage.acting(ADMIN.email) as admin:
        lifecycle.withdraw(admin, None, _open_invitation("wrong.address@example.com"))
    yield stage.ago(9, "17:30")
    with stage.acting(ADMIN.email) as admin:
        staff_members.switch_off(
            admin, session().exec(select(Person.id).where(Person.email == FORMER.email)).one()
        )
    yield stage.ago(2, "10:10")
    _invite(stage, "burak@example.com", StaffRole.READ_ONLY)
    yield stage.ago(0.3)
    with stage.acting(AUDITOR.email) as auditor:
        email_change.ask(auditor, "jonas.weber@example.com")
    yield stage.ago(0.2)
    with stage.visitor():
        request_reset("nobody.here@example.com")  # a mail that is dropped: nobody has this address
    yield stage.ago(0.1)
    log_in(stage, SUPPORT)
    log_in(stage, AUDITOR)


def _enter_prices(stage: Stage) -> None:
    """A rate card, so that campaigns show what they may cost. Its amounts are made up."""
    with stage.acting(ADMIN.email) as admin:
        for region, category, amount in MADE_UP_PRICES:
            since = date(now().year, 1, 1)
            rate_card.save(admin, rate_card.read(region, category, since, amount, "USD"))


def _invite(stage: Stage, email: str, role: StaffRole) -> None:
    with stage.acting(ADMIN.email) as admin:
        lifecycle.invite(admin, None, email, role)


def _open_invitation(email: str) -> UUID:
    return session().exec(select(Invitation.id).where(Invitation.email == email)).one()
