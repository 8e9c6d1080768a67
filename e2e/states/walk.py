"""Every page of the first journeys in every state that it can be in, each reached the way a person reaches it.

A state that lies on the way to another is looked at on that way, and not made a second time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import pyotp
from playwright.sync_api import BrowserContext, Page, expect

from e2e.pages import (
    AuditPage,
    BoardPage,
    ChannelsPage,
    CheckMailPage,
    ConfirmEmailPage,
    ConfirmPage,
    DashboardPage,
    EnrolPage,
    ForgotPage,
    FrontPage,
    LinkSpentPage,
    LogInPage,
    OverviewPage,
    PasswordPage,
    ProfilePage,
    ResetPage,
    SetupPage,
    SignUpPage,
)
from e2e.pages.people import InvitationPage, PeoplePage, SettingsPage
from e2e.running.mail import link_mailed_to
from e2e.running.people import Customer, Member, begin_to_sign_up, sign_up
from e2e.running.stack import STAFF_EMAIL, STAFF_PASSWORD, Stack

BLOCK = "window.open = () => null;"


@dataclass
class Walk:
    """Somebody on the way to a state."""

    page: Page
    context: BrowserContext
    stack: Stack
    email: str = ""
    """Whom the last mail of this walk went to."""

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

    def ended(self, button: str, state: str) -> None:
        channels = self.channels()
        channels.connect().press(button)
        channels.expect_state(state)

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


@state()
def front(walk: Walk) -> None:
    FrontPage(walk.go("/"))


@state()
def sign_up_form(walk: Walk) -> None:
    SignUpPage(walk.go("/signup"))


@state(after=sign_up_form)
def sign_up_refused(walk: Walk) -> None:
    SignUpPage(walk.page).create_account_in_vain()


@state()
def log_in(walk: Walk) -> None:
    LogInPage(walk.go("/login"))


@state(after=log_in)
def log_in_refused(walk: Walk) -> None:
    LogInPage(walk.page).log_in_in_vain("nobody@example.com", "nobody's password")


@state()
def forgotten_password(walk: Walk) -> None:
    LogInPage(walk.go("/login")).forgot_password()


@state(after=forgotten_password)
def reset_mailed(walk: Walk) -> None:
    ForgotPage(walk.page).mail_me_a_link("nobody@example.com")


@state()
def reset_refused(walk: Walk) -> None:
    customer = walk.member().customer
    walk.context.clear_cookies()
    LogInPage(walk.go("/login")).forgot_password().mail_me_a_link(customer.email)
    walk.page.goto(link_mailed_to(walk.stack, customer.email))
    ResetPage(walk.page).save_in_vain("short")


@state()
def link_spent(walk: Walk) -> None:
    LinkSpentPage(walk.go("/verify/nothing"))


@state()
def not_found(walk: Walk) -> None:
    walk.go("/no/such/page")
    expect(walk.page.get_by_role("heading", name="Page not found")).to_be_visible()


@state("closed")
def sign_up_closed(walk: Walk) -> None:
    expect(walk.go("/signup").get_by_role("heading", name="Sign-up is closed")).to_be_visible()


@state("verified")
def mail_sent(walk: Walk) -> None:
    walk.waiting_for_mail()
    CheckMailPage(walk.go("/signup/sent"))


@state(after=mail_sent)
def confirm_address(walk: Walk) -> None:
    ConfirmPage(walk.open_mailed_link())


@state(after=confirm_address)
def confirm_address_refused(walk: Walk) -> None:
    walk.context.clear_cookies()
    ConfirmPage(walk.open_mailed_link()).confirm_in_vain("wrong")


@state("verified")
def waiting_for_proof(walk: Walk) -> None:
    customer = walk.waiting_for_mail()
    LogInPage(walk.go("/login")).log_in_before_ready(customer.email, customer.password)


@state(after=waiting_for_proof)
def another_address_during_set_up(walk: Walk) -> None:
    expect(walk.go("/profile/email").get_by_role("link", name="Correct address")).to_be_visible()


@state("approval")
def waiting_for_approval(walk: Walk) -> None:
    walk.waiting_for_mail()
    setup = ConfirmPage(walk.open_mailed_link()).confirm()
    expect(setup.heading("Waiting for approval")).to_be_visible()


@state(after=waiting_for_approval)
def staff_board(walk: Walk) -> None:
    walk.board()


@state(after=staff_board)
def staff_declines(walk: Walk) -> None:
    walk.page.get_by_role("link", name="Decline sign-up").first.click()
    expect(walk.page.get_by_label("Note to the customer")).to_be_visible()


@state()
def first_log_in_of_staff(walk: Walk) -> None:
    email = walk.stack.make_staff(f"new.{secrets.token_hex(4)}@example.com")
    LogInPage(walk.go("/login")).log_in_for_the_first_time(email, STAFF_PASSWORD).finish_in_vain("000000")
    assert EnrolPage(walk.page).secret


@state(after=first_log_in_of_staff)
def recovery_codes(walk: Walk) -> None:
    secret = walk.page.locator("#app-key").inner_text().replace(" ", "")
    EnrolPage(walk.page).finish(pyotp.TOTP(secret).now())


@state()
def code_refused(walk: Walk) -> None:
    LogInPage(walk.go("/login")).log_in_with_code(STAFF_EMAIL, STAFF_PASSWORD).type_in_vain("123 456")


@state()
def setting_up(walk: Walk) -> None:
    walk.stack.connexease.fault("timeout_before", "^/accounts/$", times=None, seconds=30)
    expect(walk.signed_up().heading("Setting up your account")).to_be_visible()


@state()
def connexease_away(walk: Walk) -> None:
    walk.stack.connexease.fault("status", "^/accounts/", times=None, status=503)
    setup = walk.signed_up()
    expect(setup.status.filter(has_text="couldn't reach")).to_be_visible()


@state()
def details_refused(walk: Walk) -> None:
    body = {"name": ["This name is reserved."]}
    walk.stack.connexease.fault("status", "^/accounts/$", "POST", status=400, body=body, times=None)
    setup = walk.signed_up()
    expect(setup.heading("Connexease didn't accept these details")).to_be_visible()


@state(after=details_refused)
def details_to_correct(walk: Walk) -> None:
    SetupPage(walk.page).correct_details()


@state()
def address_known_at_connexease(walk: Walk) -> None:
    customer = Customer()
    walk.stack.connexease.create_account(customer.email)
    setup = walk.signed_up(customer)
    expect(setup.heading("An account with this address already exists")).to_be_visible()


@state()
def overview(walk: Walk) -> None:
    walk.overview()


@state(after=overview)
def menu(walk: Walk) -> None:
    walk.page.get_by_role("banner").get_by_role("button", name="Ada Lovelace").click()


@state()
def password(walk: Walk) -> None:
    walk.member()
    PasswordPage(walk.go("/profile/password"))


@state()
def profile(walk: Walk) -> None:
    walk.member()
    expect(walk.go("/profile").get_by_role("heading", name="Where you are logged in")).to_be_visible()


@state()
def another_address(walk: Walk) -> None:
    member, walk.email = walk.member(), f"ada.new.{secrets.token_hex(5)}@example.com"
    profile = ProfilePage(walk.go("/profile")).change_email().mail_me_a_link(walk.email, member.customer.password)
    profile.expect_waiting(walk.email)


@state(after=another_address)
def another_address_confirmed(walk: Walk) -> None:
    ConfirmEmailPage(walk.open_mailed_link())


@state(after=another_address_confirmed)
def another_address_confirmed_elsewhere(walk: Walk) -> None:
    walk.context.clear_cookies()
    walk.page.reload()
    ConfirmEmailPage(walk.page).confirm_in_vain("wrong")


@state()
def another_address_refused(walk: Walk) -> None:
    walk.member()
    ProfilePage(walk.go("/profile")).change_email().mail_me_a_link_in_vain("no address")


@state()
def profile_of_staff(walk: Walk) -> None:
    expect(walk.staff("/profile").get_by_text("10 codes left")).to_be_visible()


@state()
def app_begun(walk: Walk) -> None:
    walk.member()
    walk.go("/profile/app").get_by_role("button", name="Continue").click()
    expect(walk.page.get_by_role("alert")).to_be_visible()


@state()
def settings(walk: Walk) -> None:
    member = walk.member()
    walk.page.goto(f"{member.account_url}settings/")
    SettingsPage(walk.page).invite(f"deniz.{secrets.token_hex(3)}@example.com", "Operator")
    SettingsPage(walk.page).invite_in_vain("no address")


@state()
def member_of_account(walk: Walk) -> None:
    member = walk.member()
    walk.page.goto(f"{member.account_url}settings/")
    SettingsPage(walk.page).open(member.customer.full_name).unfold("Leave account")


@state()
def invitation(walk: Walk) -> None:
    member, email = walk.member(), f"deniz.{secrets.token_hex(3)}@example.com"
    walk.page.goto(f"{member.account_url}settings/")
    SettingsPage(walk.page).invite(email, "Developer")
    walk.context.clear_cookies()
    walk.page.goto(link_mailed_to(walk.stack, email))
    InvitationPage(walk.page).join_in_vain()


@state()
def invitation_over(walk: Walk) -> None:
    page = walk.go("/invitations/nothing")
    expect(page.get_by_role("heading", name="This invitation no longer works")).to_be_visible()


@state()
def people_of_staff(walk: Walk) -> None:
    PeoplePage(walk.staff("/staff/people/")).invite(f"robin.{secrets.token_hex(3)}@example.com", "Support")


@state()
def colleague(walk: Walk) -> None:
    email = walk.stack.make_staff(f"new.{secrets.token_hex(4)}@example.com", "support")
    people_of_staff(walk)
    person = PeoplePage(walk.page).open(email)
    person.unfold("Switch off login")
    person.unfold("Remove from staff")


@state()
def staff_with_an_account(walk: Walk) -> None:
    """The header leads to the customers' accounts and to their own."""
    email = walk.stack.make_staff(f"new.{secrets.token_hex(4)}@example.com", "support")
    member = walk.member()
    walk.page.goto(f"{member.account_url}settings/")
    SettingsPage(walk.page).invite(email, "Member")
    walk.context.clear_cookies()
    enrol = LogInPage(walk.go("/login")).log_in_for_the_first_time(email, STAFF_PASSWORD)
    enrol.finish(pyotp.TOTP(enrol.secret).now()).go_on()
    DashboardPage(walk.page)
    walk.page.goto(link_mailed_to(walk.stack, email, "You're invited"))
    walk.page.get_by_role("button", name=f"Accept as {email}").click()
    OverviewPage(walk.page, member.customer.company)
    expect(walk.page.get_by_role("link", name="Your accounts")).to_be_visible()


@state()
def no_channels(walk: Walk) -> None:
    walk.channels()


@state()
def channels_of_every_kind(walk: Walk) -> None:
    member, connexease = walk.member(), walk.stack.connexease
    uuid = member.connexease_uuid
    gone = connexease.create_channel(uuid, name="Gone shop")
    walk.channels(member)
    connexease.delete_channel(gone["uuid"])
    connexease.create_channel(uuid, name="Shop")
    connexease.create_channel(uuid, name="Old shop", connected=False)
    connexease.create_channel(uuid, name="Closed shop", is_active=False)
    ChannelsPage(walk.page).refresh().expect_channel("Old shop", "Disconnected")


@state(after=channels_of_every_kind)
def overview_with_channels(walk: Walk) -> None:
    walk.page.get_by_role("link", name="Overview").click()
    expect(walk.page.get_by_role("main").get_by_text("Old shop")).to_be_visible()


@state(after=overview_with_channels)
def staff_dashboard(walk: Walk) -> None:
    DashboardPage(walk.staff("/staff/"))
    for summary in walk.page.get_by_text("As a table").all():
        summary.click()


@state()
def channels_cannot_be_read(walk: Walk) -> None:
    member = walk.member()
    walk.stack.connexease.create_channel(member.connexease_uuid, name="Shop")
    channels = walk.channels(member)
    walk.stack.connexease.fault("status", "/channels/$", times=None, status=503)
    channels = channels.refresh()
    expect(channels.main.get_by_text("This list may be out of date")).to_be_visible()


@state()
def no_window_to_open(walk: Walk) -> None:
    walk.stack.connexease.fault("status", "/onboarding/$", times=None, status=503)
    channels = walk.channels()
    channels.open_popup()
    expect(channels.alert).to_contain_text("Connexease didn't answer")


@state()
def window_blocked(walk: Walk) -> None:
    walk.page.add_init_script(BLOCK)
    walk.channels().connect_blocked().expect_state("requested")


@state()
def window_opened(walk: Walk) -> None:
    walk.opened()


@state(after=window_opened)
def stopped(walk: Walk) -> None:
    channels = ChannelsPage(walk.page)
    channels.button("Stop waiting").click()
    channels.expect_state("cancelled", "You stopped this attempt")


@state()
def window_closed(walk: Walk) -> None:
    channels = walk.channels()
    channels.connect().press("Close without a word")
    channels.expect_state("opened", "The connection window seems to be closed")


@state(after=window_closed)
def silent(walk: Walk) -> None:
    channels = ChannelsPage(walk.page)
    walk.stack.let_pass(50, channels.attempt)
    channels.expect_state("cancelled")


@state()
def window_reported(walk: Walk) -> None:
    walk.stack.connexease.fault("status", "/channels/$", "GET", times=None, status=503)
    walk.ended("Connect, message first", "reported")


@state()
def connected(walk: Walk) -> None:
    walk.ended("Connect WhatsApp", "confirmed")


@state(after=connected)
def staff_events(walk: Walk) -> None:
    walk.staff("/staff/events/")
    expect(walk.page.get_by_role("row").filter(has_text="channel.created").first).to_be_visible()


@state()
def cancelled(walk: Walk) -> None:
    walk.ended("Cancel", "cancelled")


@state()
def failed(walk: Walk) -> None:
    walk.ended("Fail", "failed")


@state()
def expired(walk: Walk) -> None:
    channels = walk.opened()
    walk.stack.let_pass(21 * 60, channels.attempt)
    channels.expect_state("expired")


@state()
def attempt_page(walk: Walk) -> None:
    channels = walk.opened()
    walk.page.goto(f"{walk.page.url}attempts/{channels.attempt}")
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("Connecting WhatsApp")


@state()
def staff_board_of_every_kind(walk: Walk) -> None:
    channels = walk.opened()
    channels.button("Stop waiting").click()
    channels.expect_state("cancelled")
    address_known_at_connexease(walk)
    connexease_away(walk)
    walk.board()
    expect(walk.page.get_by_role("heading", name="Number not connected")).to_be_visible()


@state()
def staff_set_up(walk: Walk) -> None:
    customer = Customer()
    walk.stack.connexease.create_account(customer.email)
    setup = walk.signed_up(customer)
    expect(setup.heading("An account with this address already exists")).to_be_visible()
    walk.board().open(customer.company).vouch_in_vain()


@state()
def given_up(walk: Walk) -> None:
    # Not tried again soon: while a try is under way, nobody can stop it.
    headers = {"Retry-After": "900"}
    walk.stack.connexease.fault("status", "^/accounts/", times=None, status=503, headers=headers)
    customer = Customer()
    setup = walk.signed_up(customer)
    expect(setup.status.filter(has_text="couldn't reach")).to_be_visible()
    walk.board().open(customer.company).give_up()
    walk.context.clear_cookies()
    setup = LogInPage(walk.go("/login")).log_in_before_ready(customer.email, customer.password)
    expect(setup.heading("We stopped setting up this account")).to_be_visible()


@state()
def staff_audit(walk: Walk) -> None:
    walk.member()
    AuditPage(walk.staff("/staff/audit/"))


@state()
def staff_audit_empty(walk: Walk) -> None:
    walk.staff("/staff/audit/?q=nothing+like+this")
    expect(walk.page.get_by_role("heading", name="No entry matches")).to_be_visible()


@state()
def staff_audit_refused(walk: Walk) -> None:
    walk.staff("/staff/audit/?since=1999-01-01T00:00")
    expect(walk.page.get_by_role("alert")).to_be_visible()


@state()
def history(walk: Walk) -> None:
    walk.overview().link("See full history").click()
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("History")


@state()
def staff_system(walk: Walk) -> None:
    walk.staff("/staff/system/")
    expect(walk.page.get_by_text("Connexease accepts the token")).to_be_visible()
    walk.page.get_by_text("Settings", exact=True).click()


@state()
def staff_system_with_trouble(walk: Walk) -> None:
    walk.stack.connexease.fault("status", "^/accounts/$", "GET", times=None, status=401)
    walk.staff("/staff/system/?outside=1")
    expect(walk.page.get_by_text("Connexease doesn't accept the reseller token.")).to_be_visible()


@state()
def staff_events_empty(walk: Walk) -> None:
    walk.staff("/staff/events/?account=nobody+at+all")
    expect(walk.page.get_by_role("heading", name="No event matches")).to_be_visible()
