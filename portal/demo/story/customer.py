"""What the customers of the story do, each thing through the service that its page would call."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import pyotp
from pydantic import SecretStr
from sqlmodel import select

from portal.channels import attempts, snapshot
from portal.customers.invitations import lifecycle
from portal.customers.signup import registration
from portal.customers.signup.registration import AccountDetails
from portal.demo.logins import PASSWORD, Login
from portal.demo.stage import Stage
from portal.events import watches
from portal.extensions import session
from portal.identity import sessions
from portal.identity.second_factor import authenticator
from portal.messages.compose import review
from portal.messages.compose.drafts import Draft
from portal.messages.reports import receiver
from portal.messages.sending import outbox
from portal.messages.trial import trials
from portal.messages.trial.facts import gather
from portal.models import Account, Channel, Credential, Message, OnboardingAttempt, Person, Role
from portal.vault import gateway_keys


@dataclass(frozen=True)
class Customer:
    """One account of the story."""

    stage: Stage
    id: UUID

    @contextmanager
    def acting(self, who: Login) -> Iterator[tuple[Person, Account]]:
        """Whatever is done inside, this person does for the account."""
        with self.stage.acting(who.email) as person:
            yield person, session().get_one(Account, self.id)

    def uuid(self) -> str:
        """The account's UUID at Connexease."""
        with self.stage.visitor():
            return str(session().get_one(Account, self.id).connexease_uuid)

    @classmethod
    def of(cls, stage: Stage, who: Login) -> "Customer":
        """The account that somebody signed up for."""
        with stage.visitor():
            return cls(stage, session().exec(select(Account.id).where(Account.contact_email == who.email)).one())

    def channel(self, name: str) -> str:
        """A channel's UUID at Connexease."""
        with self.stage.visitor():
            query = select(Channel).where(Channel.account_id == self.id, Channel.name == name)
            return str(session().exec(query).one().connexease_uuid)


def sign_up(
    stage: Stage, who: Login, company: str, phone: str, *, policy: str = "open", time_zone: str = "Europe/Istanbul"
) -> Customer:
    """Sign up as somebody does who found the front page."""
    first, last = who.names
    details = AccountDetails(company, first, last, who.email, who.email, phone, time_zone)
    with stage.settings(signup_policy=policy), stage.visitor():
        registration.sign_up(details, PASSWORD)
    return Customer.of(stage, who)


def confirm_address(stage: Stage, who: Login, *, policy: str = "verified") -> None:
    """Follow the link that the sign-up's mail has."""
    with stage.settings(signup_policy=policy), stage.visitor():
        registration.confirm(_token(stage, who.email), PASSWORD)


def log_in(stage: Stage, who: Login) -> None:
    """Come back for a look around."""
    with stage.acting(who.email) as person:
        address, agent = stage.browser_of(who.email)
        sessions.start(person, address, agent)


def set_up_app(stage: Stage, who: Login) -> None:
    """Set up an authenticator app; the page /phone has its key too."""
    with stage.acting(who.email) as person:
        row = authenticator.begin(person)
        secret = authenticator.secret_of(row).get_secret_value()
        stage.vendor.add_to_phone(authenticator.uri(person, row))
        # The code before this one, so that somebody who logs in at once finds the present one unused.
        authenticator.confirm(person, row.id, pyotp.TOTP(secret).at(int(time.time()) - 28))


def connect(customer: Customer, who: Login, name: str, outcome: str = "connect") -> None:
    """Connect a number through the dialog, or end it otherwise."""
    with customer.acting(who) as (person, account):
        attempt = attempts.begin(person, account)
        attempts.report_opened(attempt)
        customer.stage.vendor.finish_dialog(attempts.dialog_url(attempt) or "", outcome, name)
        if outcome != "connect":
            attempts.report_message(attempt, {"cancel": "cancelled"}.get(outcome, "error"), None)


def begin_to_connect(customer: Customer, who: Login, reconnects: str | None = None) -> OnboardingAttempt:
    """Open the dialog and leave it open."""
    with customer.acting(who) as (person, account):
        attempt = attempts.begin(person, account, UUID(reconnects) if reconnects else None)
        attempts.report_opened(attempt)
        return attempt


def look_at_channels(customer: Customer, who: Login) -> None:
    """Open the page of channels, which reads Connexease's list."""
    with customer.acting(who) as (_person, account):
        snapshot.try_refresh(account)


def add_gateway_key(customer: Customer, who: Login, name: str, *, staging: bool = False) -> str:
    """Take a key from the gateway's dashboard to the vault."""
    key = customer.stage.vendor.issue_gateway_key(customer.uuid(), staging=staging)
    with customer.acting(who) as (person, account):
        gateway_keys.add(person, account, name, SecretStr(key), is_trial=staging)
    return key


def enter_callback(customer: Customer, who: Login) -> None:
    """Let the gateway report here: make the address and its secret, and enter both in the dashboard."""
    with customer.acting(who) as (person, account):
        receiver.make(person, account)
        secret, made = receiver.reveal(person, account), receiver.of(account)
        if made is not None:
            customer.stage.vendor.set_callback(
                str(account.connexease_uuid), made.address, secret.get_secret_value()
            )


def begin_check(customer: Customer, who: Login, to: str) -> None:
    """Check the connection with a real message, which WhatsApp takes."""
    with customer.acting(who) as (person, account):
        trials.begin(person, account, outbox.gateway_keys(account), to, wants_real=True, intent=uuid4().hex)
        trial = trials.newest(account)
        if trial is not None:
            trials.advance(trial.id)
            real = gather(trial).real
            customer.stage.vendor.report(real.wamid if real and real.wamid else "", {"sent": 1, "delivered": 2})


def end_check(customer: Customer, who: Login, channel: str) -> None:
    """See how the check ended, and say which channel the message came from."""
    with customer.acting(who) as (person, account):
        trial = trials.newest(account)
        if trial is not None:
            trials.advance(trial.id)
            session().refresh(trial)
            trials.name_channel(person, account, trial, UUID(channel))


def watch(customer: Customer, who: Login, triggers: Sequence[str]) -> None:
    """Let the event log show these triggers, of every channel that there is."""
    with customer.acting(who) as (person, account):
        places = watches.current(account).places
        chosen = [place.value(each) for place in places for each in place.triggers if each.name in triggers]
        watches.change(person, account, chosen)


def invite(customer: Customer, by: Login, who: Login | str, role: Role) -> None:
    """Invite a colleague."""
    with customer.acting(by) as (person, account):
        lifecycle.invite(person, account, who if isinstance(who, str) else who.email, role)


def join(stage: Stage, who: Login) -> None:
    """Follow the invitation's link, and choose a password."""
    with stage.visitor():
        found = lifecycle.find(_token(stage, who.email))
        if found is not None:
            lifecycle.join_as_new(found[0], *who.names, PASSWORD, "Europe/Istanbul")


def write(customer: Customer, who: Login, draft: Draft) -> None:
    """Write a message, and stop before it is sent."""
    with customer.acting(who) as (person, account):
        _prepare(person, account, draft, "")


def send(
    customer: Customer, who: Login, draft: Draft, *, is_fake: bool = False, key: str = ""
) -> tuple[UUID, str]:
    """Write a message and send it; its number here and its name at the gateway."""
    with customer.acting(who) as (person, account):
        message = _prepare(person, account, draft, key, is_fake=is_fake)
        outbox.confirm(person, account, message, anyway=True)
        session().refresh(message)
        return message.id, message.wamid or ""


def _prepare(person: Person, account: Account, draft: Draft, key: str, *, is_fake: bool = False) -> Message:
    return review.prepare(person, account, draft, _key(account, key), uuid4().hex, mmlite=False, is_fake=is_fake)


def _key(account: Account, name: str) -> Credential:
    keys = outbox.gateway_keys(account)
    return next((key for key in keys if key.name == name), keys[0])


def _token(stage: Stage, email: str) -> str:
    """What the newest mail's link ends with."""
    [link, *_more] = stage.vendor.links_mailed_to(email)
    return link.rstrip("/").rpartition("/")[2]
