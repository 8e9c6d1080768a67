"""How a state is reached: somebody walks there the way a person does, and each state says from where.

A state that lies on the way to another is looked at on that way, and not made a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Page

from e2e.pages import BoardPage, ChannelsPage, OverviewPage, SetupPage
from e2e.running.mail import link_mailed_to
from e2e.running.people import Customer, Member, begin_to_sign_up, sign_up
from e2e.running.stack import STAFF_EMAIL, Stack


@dataclass
class Walk:
    """Somebody on the way to a state."""

    page: Page
    context: BrowserContext
    stack: Stack
    email: str = ""
    """Whom the last mail of this walk went to."""
    customer: Customer | None = None
    """Who signed up on this walk, where that is needed later."""
    account: Member | None = None
    """Whose account this walk is about, where that is needed later."""

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.stack.url}{path}")
        return self.page

    def member(self) -> Member:
        return sign_up(self.context, self.stack)

    def staff(self, path: str) -> Page:
        """A page, for somebody of the staff who has just logged in."""
        self.stack.log_in(self.context, STAFF_EMAIL)
        return self.go(path)

    def board(self) -> BoardPage:
        return BoardPage(self.staff("/staff/provisioning/"))

    def overview(self) -> OverviewPage:
        member = self.member()
        self.page.goto(member.account_url)
        return OverviewPage(self.page, member.customer.company)

    def channels(self, member: Member | None = None) -> ChannelsPage:
        self.page.goto((member or self.member()).channels_url)
        return ChannelsPage(self.page)

    def opened(self) -> ChannelsPage:
        channels = self.channels()
        channels.connect()
        channels.expect_state("opened")
        return channels

    def signed_up(self, customer: Customer | None = None) -> SetupPage:
        account = begin_to_sign_up(self.context, self.stack, customer or Customer())
        return SetupPage(self.go(f"{account}setup"))

    def waiting_for_mail(self) -> Customer:
        customer = Customer()
        begin_to_sign_up(self.context, self.stack, customer)
        self.email = customer.email
        return customer

    def open_mailed_link(self) -> Page:
        self.page.goto(link_mailed_to(self.stack, self.email))
        return self.page


State = Callable[[Walk], None]
"""The way there; it is named after the state."""


@dataclass
class Journey:
    """States that are reached one from the other, and the policy of the stack that they need."""

    policy: str
    states: list[State] = field(default_factory=list)


JOURNEYS: list[Journey] = []


def state(policy: str = "open", *, after: State | None = None) -> Callable[[State], State]:
    """Look at the state that this way leads to, from the beginning or from where another way has led."""

    def register(way: State) -> State:
        if after is None:
            JOURNEYS.append(Journey(policy))
        journey = JOURNEYS[-1]
        assert journey.states[-1:] == ([after] if after else []), "a state stands right below the one it follows"
        journey.states.append(way)
        return way

    return register
