"""An account's settings: invitations, roles, sessions, and the owner who always stays."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from portal.customers.team import members
from portal.db.engine import writing
from portal.errors import DomainError
from portal.extensions import session
from portal.models import Account, AuditEntry, HandOver, Invitation, LoginSession, Membership, Person, Role
from tests.support.application.browser import Browser, Page
from tests.support.application.portal import DETAILS, PASSWORD, Portal
from tests.support.suite.concurrent import meanwhile
from tests.support.suite.marks import both_databases, both_databases_and_with_htmx
from tests.support.suite.patience import patient

JANE = DETAILS["contact_email"]
DENIZ = "deniz@acme.example.com"


@pytest.fixture
def jane(portal: Portal) -> tuple[Browser, str]:
    """The owner, and the address of the settings."""
    browser, account_id = portal.customer()
    return browser, f"/accounts/{account_id}/settings/"


def invite(browser: Browser, address: str, email: str = DENIZ, role: str = "operator", htmx: bool = False) -> Page:
    page = browser.get(address)
    fields = {"csrf_token": page.values("Send invitation")["csrf_token"], "email": email, "role": role}
    return browser.send("POST", f"{address}invitations", data=fields, htmx=htmx)


def roles(portal: Portal) -> dict[str, str]:
    people = {person.id: person.email for person in portal.rows(Person)}
    return {people[row.person_id]: row.role.value for row in portal.rows(Membership)}


def account_of(settings: str) -> UUID:
    return UUID(settings.split("/")[2])


def join(portal: Portal, browser: Browser, link: str, htmx: bool = False) -> Page:
    return browser.submit(
        browser.get(link), "Join", htmx=htmx, first_name="Deniz", last_name="Kaya", password=PASSWORD
    )


@both_databases_and_with_htmx
def test_somebody_new_is_invited_joins_and_may_do_what_the_role_says(
    portal: Portal, jane: tuple[Browser, str], htmx: bool
) -> None:
    owner, settings = jane
    assert invite(owner, settings, htmx=htmx).goes_to == settings
    page = owner.get(settings)
    assert "We emailed an invitation to deniz@acme.example.com." in page.text
    assert "Operator · invited" in page.text
    assert "by Jane Doe" in page.text
    [mail] = portal.mails(DENIZ)
    assert mail["subject"] == "You're invited to Acme Corp"
    link = portal.link(DENIZ, "invitations")
    assert link.rpartition("/")[2] not in repr(portal.one(Invitation))
    newcomer = portal.browser()
    page = newcomer.get(link)
    assert "Jane Doe invited you to join as Operator (manages messages and channels only)." in page.text
    refused = newcomer.submit(page, "Join", htmx=htmx, first_name="", last_name="Kaya", password="short")
    assert refused.status == 422
    assert set(refused.errors) == {"first_name"}
    refused = newcomer.submit(page, "Join", htmx=htmx, first_name="Deniz", last_name="Kaya", password="short")
    assert set(refused.errors) == {"password"}
    assert refused.values("Join")["last_name"] == "Kaya"
    done = join(portal, newcomer, link, htmx)
    account = settings.removesuffix("settings/")
    assert done.goes_to == account
    assert newcomer.get(account).status == 200
    assert newcomer.get(f"{account}channels/").status == 200
    assert newcomer.get(f"{account}webhooks/").status == 403
    assert portal.person(DENIZ).email_verified_at is not None
    assert portal.person(DENIZ).time_zone == "Europe/Istanbul"
    assert "Deniz Kaya joined as Operator" in owner.get(account).text
    assert newcomer.get(link).status == 410
    assert portal.browser().get(link).status == 410


@pytest.mark.parametrize("htmx", [False, True])
def test_a_login_that_there_is_accepts_after_logging_in(
    portal: Portal, jane: tuple[Browser, str], htmx: bool
) -> None:
    owner, settings = jane
    other, _ = portal.customer(contact_email=DENIZ, name="Deniz Ltd")
    same = owner.get(settings).text
    invite(owner, settings, htmx=htmx)
    link = portal.link(DENIZ, "invitations")
    stranger = portal.browser()
    page = stranger.get(link)
    assert page.select_one("input[type=password]") is None
    assert "next=" in page.select_one("main a.btn").attrib["href"]
    page = other.get(link)
    assert other.submit(page, "Accept as", htmx=htmx).goes_to == settings.removesuffix("settings/")
    assert len(other.open("/accounts/").select(".card-list li")) == 2
    assert roles(portal)[DENIZ] in ("operator", "owner")
    assert same != owner.get(settings).text


def test_an_invitation_is_for_its_address_alone(portal: Portal, jane: tuple[Browser, str]) -> None:
    owner, settings = jane
    invite(owner, settings)
    link = portal.link(DENIZ, "invitations")
    other, _ = portal.customer(contact_email="other@tenant.example.com", name="Other Ltd")
    page = other.get(link)
    assert "you're logged in as other@tenant.example.com" in page.text
    path = link.removeprefix("http://localhost")
    refused = other.post(f"{path}/accept")
    assert "a different address" in other.follow(refused).text
    assert DENIZ not in roles(portal)
    assert portal.browser().post(f"{path}/accept").goes_to.startswith("/login")


def test_whether_an_address_has_a_login_is_not_told(portal: Portal, jane: tuple[Browser, str]) -> None:
    owner, settings = jane
    portal.customer(contact_email=DENIZ, name="Deniz Ltd")
    answers = []
    for email in (DENIZ, "nobody@acme.example.com"):
        page = owner.follow(invite(owner, settings, email))
        answers.append(page.timeless.replace(email, "X"))
        owner.post(f"{settings}invitations/{portal.rows(Invitation)[-1].id}/withdraw")
        portal.sql("DELETE FROM invitation")
        owner.get(settings)
    assert answers[0] == answers[1]


@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_refused(portal: Portal, jane: tuple[Browser, str], htmx: bool) -> None:
    owner, settings = jane
    for email, role, field in (
        ("no address", "member", "email"),
        (DENIZ, "king", "role"),
        ("", "member", "email"),
    ):
        page = invite(owner, settings, email, role, htmx)
        assert page.status == 422
        assert set(page.errors) == {field}
    assert (
        "already belongs to a member of the account"
        in invite(owner, settings, JANE.upper(), htmx=htmx).errors["email"]
    )
    assert invite(owner, settings, htmx=htmx).status in (204, 303)
    again = invite(owner, settings, f" {DENIZ.upper()}", htmx=htmx)
    assert "already has an invitation" in again.errors["email"]
    assert len(portal.rows(Invitation)) == 1


def test_an_invitation_is_sent_again_and_withdrawn(portal: Portal, jane: tuple[Browser, str]) -> None:
    owner, settings = jane
    invite(owner, settings)
    first = portal.link(DENIZ, "invitations")
    row = portal.one(Invitation)
    owner.post(f"{settings}invitations/{row.id}/again")
    second = portal.link(DENIZ, "invitations")
    assert first != second
    assert portal.browser().get(first).status == 410
    assert portal.browser().get(second).status == 200
    owner.post(f"{settings}invitations/{row.id}/withdraw")
    assert portal.browser().get(second).status == 410
    for what in ("again", "withdraw"):
        assert (
            "already been accepted or withdrawn"
            in owner.follow(owner.post(f"{settings}invitations/{row.id}/{what}")).text
        )
    actions = [entry.action for entry in portal.rows(AuditEntry)][-3:]
    assert actions == ["member.invited", "invitation.sent_again", "invitation.withdrawn"]


def test_an_invitation_runs_out_and_is_made_anew(portal: Portal, jane: tuple[Browser, str]) -> None:
    owner, settings = jane
    invite(owner, settings)
    link = portal.link(DENIZ, "invitations")
    portal.sql("UPDATE invitation SET expires_at = '2020-01-01 00:00:00'")
    assert portal.browser().get(link).status == 410
    assert "Expired" in owner.get(settings).text
    assert invite(owner, settings, role="developer").status == 303
    assert "Developer · invited" in owner.get(settings).text
    assert owner.get(settings).text.count("Invited") >= 1
    assert len([row for row in portal.rows(Invitation) if not row.withdrawn_at]) == 1


def test_a_mail_of_a_withdrawn_invitation_is_not_sent(portal: Portal, jane: tuple[Browser, str]) -> None:
    owner, settings = jane
    invite(owner, settings)
    owner.post(f"{settings}invitations/{portal.one(Invitation).id}/withdraw")
    assert portal.mails(DENIZ) == []


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_of_two_who_invite_the_same_person_at_once_one_does(portal: Portal, jane: tuple[Browser, str]) -> None:
    """A second link would still let in whoever was removed after joining by the first."""
    owner, settings = jane
    page = owner.get(settings)
    fields = {"csrf_token": page.values("Send invitation")["csrf_token"], "email": DENIZ, "role": "operator"}
    with meanwhile(
        portal,
        lambda: owner.post(f"{settings}invitations", fields),
        "WITH held AS (SELECT id FROM account FOR NO KEY UPDATE) INSERT INTO invitation "
        "(id, account_id, email, role, invited_by, created_at, expires_at) "
        "SELECT gen_random_uuid(), id, :email, 'owner', '', now(), now() + interval '1 day' FROM held",
        email=DENIZ,
    ) as answer:
        assert answer.status == 422
        assert "already has an invitation" in answer.errors["email"]
    assert len(portal.rows(Invitation)) == 1


@both_databases
def test_a_double_click_joins_once(portal: Portal, jane: tuple[Browser, str]) -> None:
    owner, settings = jane
    invite(owner, settings)
    link = portal.link(DENIZ, "invitations")
    browser = portal.browser()
    page = browser.get(link)
    first = browser.submit(page, "Join", first_name="Deniz", last_name="", password=PASSWORD)
    again = portal.browser()
    second = again.post(link.removeprefix("http://localhost"), {"first_name": "D", "password": PASSWORD})
    assert (first.status, second.status) == (303, 410)
    assert len(portal.rows(Membership)) == 2


@pytest.mark.parametrize("htmx", [False, True])
def test_a_role_is_changed_and_counts_at_once(portal: Portal, jane: tuple[Browser, str], htmx: bool) -> None:
    owner, settings = jane
    member = portal.member(account_of(settings), DENIZ, Role.DEVELOPER)
    account = settings.removesuffix("settings/")
    assert member.get(f"{account}tokens/new").status == 200
    one = f"{settings}people/{portal.person(DENIZ).id}"
    page = owner.get(one)
    token = page.values("Save role")["csrf_token"]
    assert owner.send("POST", f"{one}/role", data={"csrf_token": token, "role": "king"}, htmx=htmx).status == 422
    done = owner.send("POST", f"{one}/role", data={"csrf_token": token, "role": "operator"}, htmx=htmx)
    assert done.goes_to == one
    refused = member.get(f"{account}tokens/new")
    assert (refused.status, refused.select_one("h1").text_content()) == (403, "You can't do this")
    assert member.get(f"{account}webhooks/").status == 403
    assert "changed the role of deniz@acme.example.com from Developer to Operator" in owner.get(account).text
    assert member.get(one).status == 403
    assert member.post(f"{one}/role", {"role": "owner"}).status == 403
    owner.send("POST", f"{one}/role", data={"csrf_token": token, "role": "developer"}, htmx=htmx)
    assert member.get(f"{account}webhooks/").status == 200


@pytest.mark.parametrize("htmx", [False, True])
def test_somebody_is_removed_and_out_at_once(portal: Portal, jane: tuple[Browser, str], htmx: bool) -> None:
    owner, settings = jane
    member = portal.member(account_of(settings), DENIZ, Role.DEVELOPER)
    account = settings.removesuffix("settings/")
    owner.post(f"{account}tokens/gateway/new", {"name": "Shop", "key": "pk_live_0123456789abcdef0123"})
    page = member.open(f"{account}tokens/")
    one = page.select_one("#tokens table a").attrib["href"]
    made = member.post(f"{one}/hand-over", {"note": "me", "lifetime": "86400", "password": PASSWORD})
    assert made.status == 200, made.text
    person = f"{settings}people/{portal.person(DENIZ).id}"
    assert owner.post(f"{person}/remove", htmx=htmx).goes_to == settings
    assert member.get(account).status == 404
    assert portal.one(HandOver).withdrawn_at is not None, "a link that they kept opens nothing"
    assert owner.get(person).status == 404
    assert owner.post(f"{person}/remove").status == 404
    assert "removed deniz@acme.example.com from the account" in owner.get(account).text


def test_an_owner_sees_and_ends_sessions(portal: Portal, jane: tuple[Browser, str]) -> None:
    owner, settings = jane
    member = portal.member(account_of(settings), DENIZ)
    again = portal.log_in(DENIZ, browser=portal.browser("192.0.2.9"))
    one = f"{settings}people/{portal.person(DENIZ).id}"
    page = owner.get(one)
    assert "192.0.2.9" in page.text
    form = next(form for form in page.select(".sessions form") if "192.0.2.9" in form.text_content())
    owner.post(form.attrib["action"])
    assert again.get("/profile").goes_to.startswith("/login")
    assert member.get("/profile").status == 200
    owner.post(f"{one}/sessions/end")
    assert member.get("/profile").goes_to.startswith("/login")
    assert len(portal.rows(LoginSession)) == 1
    # What belongs to nobody of the account is out of reach.
    portal.customer(contact_email="other@tenant.example.com", name="Other Ltd")
    stranger = portal.person("other@tenant.example.com").id
    assert owner.get(f"{settings}people/{stranger}").status == 404
    assert owner.post(f"{settings}people/{stranger}/sessions/end").status == 404


@pytest.mark.parametrize("htmx", [False, True])
def test_the_last_owner_stays(portal: Portal, jane: tuple[Browser, str], htmx: bool) -> None:
    owner, settings = jane
    one = f"{settings}people/{portal.person(JANE).id}"
    words = "An account needs at least one owner."
    assert words in owner.post(f"{one}/role", {"role": "member"}, htmx=htmx).text
    assert words in owner.get(owner.post(f"{one}/remove", htmx=htmx).goes_to).text
    assert words in owner.get(owner.post(f"{settings}leave", htmx=htmx).goes_to).text
    assert roles(portal) == {JANE: "owner"}
    other = portal.member(account_of(settings), DENIZ, Role.OWNER)
    portal.sql("UPDATE person SET is_enabled = :no WHERE email = :email", no=False, email=DENIZ)
    assert words in owner.get(owner.post(f"{settings}leave", htmx=htmx).goes_to).text, "who cannot log in is none"
    portal.sql("UPDATE person SET is_enabled = :yes", yes=True)
    assert owner.post(f"{settings}leave", htmx=htmx).goes_to == "/accounts/"
    assert owner.get(settings).status == 404
    assert other.get(settings).status == 200


def test_a_member_leaves(portal: Portal, jane: tuple[Browser, str]) -> None:
    owner, settings = jane
    member = portal.member(account_of(settings), DENIZ)
    page = member.get(settings)
    assert "Invite a team member" not in page.text
    assert "These details can't be changed here" in page.text
    assert member.submit(page, "Leave account").goes_to == "/accounts/"
    assert member.get(settings).status == 404
    assert "left the account" in owner.get(settings.removesuffix("settings/")).text


@both_databases
@pytest.mark.parametrize("act", ["remove", "demote"])
def test_of_two_owners_who_go_at_once_one_stays(portal: Portal, jane: tuple[Browser, str], act: str) -> None:
    _owner, settings = jane
    account_id = account_of(settings)
    portal.member(account_id, DENIZ, Role.OWNER)
    ids = [portal.person(email).id for email in (JANE, DENIZ)]
    start = Barrier(2, timeout=patient(30))

    def go(person_id: UUID) -> str:
        with portal.app.app_context(), writing():
            account, actor = session().get_one(Account, account_id), session().get_one(Person, person_id)
            session().commit()
            start.wait()
            try:
                if act == "remove":
                    members.remove(actor, account, person_id)
                else:
                    members.change_role(actor, account, person_id, Role.MEMBER)
            except DomainError:
                return "refused"
            return "gone"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, ids)) == ["gone", "refused"]
    assert list(roles(portal).values()).count("owner") == 1
