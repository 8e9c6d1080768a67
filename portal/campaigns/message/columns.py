"""Everything that the page with a campaign's message needs, gathered once and then rendered."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from portal.campaigns.checking import problems, rows
from portal.campaigns.forms.message import MessageForm
from portal.campaigns.message import filling, mapping
from portal.campaigns.message.filling import Filled
from portal.campaigns.message.mapping import Plan, plan_of
from portal.campaigns.people import audience
from portal.contact import country_of
from portal.messages.compose import composer, preview
from portal.messages.compose.composer import Composer
from portal.messages.compose.preview import Bubble
from portal.models import Account, Campaign, Credential, Person

FIRST = 3
"""Rows that are shown as they will look."""


@dataclass(frozen=True)
class FirstRow:
    """One of the first rows, as it will look."""

    number: int
    recipient: str
    bubble: Bubble
    problem: str = ""
    column: str = ""


@dataclass(frozen=True)
class Columns:
    """A message that is being filled in from columns."""

    account: Account
    campaign: Campaign
    composed: Composer
    form: MessageForm

    @property
    def names(self) -> list[str]:
        return names(self.campaign)

    def context(self) -> dict[str, Any]:
        """What the template shows."""
        return {**self.composed.context(), "campaign": self.campaign, "first_rows": self.first_rows()}

    def filled(self) -> Filled:
        """What was chosen.

        Raises:
            DomainError: it is not finished; each field says what is wrong with it.
        """
        form, plan, use = self.form, self.form.plan(), self.form.use_of_template()
        filling.refuse(plan, use, self.account.time_zone, form.number)
        return Filled(
            use,
            plan,
            self.composed.credential,
            mmlite=form.is_marketing,
            is_fake=bool(form.is_fake.data),
            is_not_marketing=bool(form.is_not_marketing.data),
        )

    def first_rows(self) -> list[FirstRow]:
        """The first rows as they will look."""
        use = self.form.use_of_template()
        if not use.name:
            return []
        plan, width, region = self.form.plan(), len(self.campaign.columns), country_of(self.account.time_zone)
        found = []
        for line in islice(audience.rows(self.account, self.campaign), FIRST):
            looked = rows.look(plan, width, region, line.cells)
            draft = mapping.fill(plan, use, looked.recipient, looked.values)
            column = audience.column_name(self.campaign, looked.column) if looked.column is not None else ""
            bubble, problem = preview.of_draft(draft, use.listed), problems.word(looked.problem)
            found.append(FirstRow(line.number, looked.recipient, bubble, problem, column))
        return found


def gather(
    person: Person,
    account: Account,
    campaign: Campaign,
    credentials: Sequence[Credential],
    form: MessageForm,
    asks: frozenset[str],
) -> Columns:
    """Everything that a form needs before it is checked or shown.

    Args:
        asks: what a button asks for that changes the form and sends nothing.
    """
    form.offer_columns(names(campaign))
    composed = composer.gather(person, account, credentials, form, asks)
    if "choose" in asks or not form.is_submitted():
        form.guess(campaign.columns)
    return Columns(account, campaign, composed, form)


def saved(campaign: Campaign) -> Plan | None:
    """What was chosen before; none where nothing was."""
    return plan_of(campaign.draft) if campaign.draft is not None else None


def names(campaign: Campaign) -> list[str]:
    """What the columns are called; one without a name by its letter."""
    return [audience.column_name(campaign, place) for place in range(len(campaign.columns))]
