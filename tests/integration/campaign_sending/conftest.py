"""A campaign that was confirmed, as its sender's press of the button leaves it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from portal.campaigns import tallies
from portal.campaigns.sending import control
from portal.contacts.consent import ledger
from portal.contacts.consent.ledger import Told
from portal.contacts.people import Who
from portal.db import account_lock
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
from portal.messages.sending import pace
from portal.models import (
    Campaign,
    CampaignReason,
    CampaignRow,
    CampaignTally,
    ConsentSource,
    Credential,
    Message,
    Person,
    Scope,
    Wish,
)
from tests.integration.messages.conftest import OWNER, Sender, make_sender
from tests.support.application import campaigns

__all__ = ["Campaigner", "campaigner", "make_campaigner"]


def number_of(place: int) -> str:
    """A mobile number in Turkey, another for each place; none ends as the sandbox's numbers that fail do."""
    return f"+90532{place:06}1"


@dataclass
class Campaigner:
    """A logged-in owner with a gateway key, and what is done with campaigns."""

    sender: Sender

    @property
    def portal(self) -> Any:
        return self.sender.portal

    @property
    def control(self) -> Any:
        return self.sender.control

    def quick(self) -> None:
        """Let the sandbox take as many as there are, and report nothing by itself."""
        self.control.set(rate_per_second=2000, rate_per_minute=120000, statuses=[])
        self.portal.run(self._know_pace)

    def _know_pace(self) -> None:
        credential = session().exec(select(Credential)).one()
        its = pace.locked(credential.id)
        its.per_second, its.per_minute, its.ready_at = 2000, 120000, None
        session().add(its)
        session().commit()

    def confirmed(self, count: int = 5, first: int = 0, numbers: Any = (), **changes: Any) -> UUID:
        """A campaign of so many rows that waits for nothing."""
        return self.portal.run(self._confirmed, count, first, list(numbers), changes)

    def _confirmed(self, count: int, first: int, numbers: list[str], changes: dict[str, Any]) -> UUID:
        person = session().exec(select(Person).where(Person.email == OWNER)).one()
        credential = session().exec(select(Credential)).one()
        to = numbers or [number_of(first + place) for place in range(count)]
        return campaigns.confirmed(person, credential, to, **changes).id

    def campaign(self, campaign_id: UUID) -> Campaign:
        return next(row for row in self.portal.rows(Campaign) if row.id == campaign_id)

    def rows(self, campaign_id: UUID) -> list[CampaignRow]:
        return sorted(
            (row for row in self.portal.rows(CampaignRow) if row.campaign_id == campaign_id),
            key=lambda row: row.id,
        )

    def states(self, campaign_id: UUID) -> dict[str, int]:
        return dict(Counter(str(row.state) for row in self.rows(campaign_id)))

    def states_kept(self, campaign_id: UUID) -> dict[str, int]:
        """The same from the tally."""
        return {
            str(row.state): row.rows for row in self.portal.rows(CampaignTally) if row.campaign_id == campaign_id
        }

    def tally_is_true(self, campaign_id: UUID) -> None:
        """The tallies say what counting the rows says, and the rows what their messages say."""
        rows = self.rows(campaign_id)
        kept = {
            str(row.state): row.rows
            for row in self.portal.rows(CampaignTally)
            if row.campaign_id == campaign_id and row.rows
        }
        assert kept == Counter(str(row.state) for row in rows)
        reasons = {
            (str(row.state), row.problem): row.rows
            for row in self.portal.rows(CampaignReason)
            if row.campaign_id == campaign_id and row.rows
        }
        assert reasons == Counter(
            (str(row.state), row.problem) for row in rows if row.state in tallies.WITH_REASON
        )
        messages = {message.id: message for message in self.portal.rows(Message)}
        for row in rows:
            if row.message_id is not None:
                assert row.state == tallies.state_of(messages[row.message_id])

    def press(self, what: str, campaign_id: UUID) -> None:
        """Pause, resume or stop, as the button does."""
        self.sender._inside(lambda person, account: getattr(control, what)(person, account, campaign_id))

    def sent_to(self) -> Counter[str]:
        """How many messages the sandbox took for each number."""
        return Counter(self.control.gateway_sends())

    def free_key(self) -> None:
        """As if what the gateway asked to wait for were over."""
        self.portal.sql("UPDATE key_pace SET ready_at = NULL")


def make_campaigner(portal: Any, control: Any) -> Campaigner:
    return Campaigner(make_sender(portal, control))


@pytest.fixture
def campaigner(portal: Any, control: Any) -> Campaigner:
    made = make_campaigner(portal, control)
    made.quick()
    return made


def opt_out(campaigner: Campaigner, number: str, scope: Scope = Scope.MARKETING) -> None:
    """Let somebody be out from now on."""

    def do() -> None:
        with unit_of_work():  # calls that are under way record their answers beside it
            account_lock.take(campaigner.sender.account_id)
            ledger.add(campaigner.sender.account_id, [Told(Who(number), scope, Wish.OUT, ConsentSource.KEYWORD)])
            session().commit()

    campaigner.portal.run(do)
