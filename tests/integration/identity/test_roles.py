"""Who may do what, written down once more for people to read: a wrong decorator fails here."""

import pytest
from flask import Flask

from portal.models import Role, StaffRole
from portal.web import access
from tests.support.application.portal import Portal

EVERYBODY = "owner developer operator member"
LOOKS = "owner developer member"
BUILDS = "owner developer"
SENDS = "owner operator"

ACCOUNT = {
    # what                        the account's people   the reseller's staff
    "accounts.overview": (EVERYBODY, "admin support read_only"),
    "accounts.history": (EVERYBODY, "admin support read_only"),
    "channels.index": (EVERYBODY, "admin support read_only"),
    "channels.refresh": (EVERYBODY, "admin support"),
    "channels.connect": (SENDS, "admin support"),
    "channels.attempt": (SENDS, "admin support"),
    "channels.fresh_dialog": (SENDS, "admin support"),
    "channels.report": (SENDS, "admin support"),
    "channels.stop": (SENDS, "admin support"),
    "webhooks.index": (LOOKS, "admin support read_only"),
    "webhooks.new": (BUILDS, "admin support"),
    "webhooks.create": (BUILDS, "admin support"),
    "webhooks.edit": (BUILDS, "admin support"),
    "webhooks.change": (BUILDS, "admin support"),
    "webhooks.check": (BUILDS, "admin support"),
    "webhooks.switch": (BUILDS, "admin support"),
    "webhooks.set_right": (BUILDS, "admin support"),
    "webhooks.accept": (BUILDS, "admin support"),
    "webhooks.hide": (BUILDS, "admin support"),
    "webhooks.test": (BUILDS, "admin support"),
    "webhooks.send_test": (BUILDS, "admin support"),
    "events.index": (LOOKS, "admin support read_only"),
    "events.newer": (LOOKS, "admin support read_only"),
    "events.event": (LOOKS, "admin support read_only"),
    "events.process_again": (BUILDS, "admin support"),
    "events.body": (LOOKS, ""),
    "events.export": (LOOKS, ""),
    "events.watch": (LOOKS, "admin support read_only"),
    "events.change_watch": (BUILDS, "admin support"),
    "vault.index": (LOOKS, "admin support read_only"),
    "vault.show": (LOOKS, "admin support read_only"),
    "vault.new": (BUILDS, ""),
    "vault.create": (BUILDS, ""),
    "vault.first": (BUILDS, ""),
    "vault.reveal": (BUILDS, ""),
    "vault.revealed": (BUILDS, ""),
    "vault.copied": (BUILDS, ""),
    "vault.try_out": (BUILDS, ""),
    "vault.rename": (BUILDS, ""),
    "vault.rotation": (BUILDS, ""),
    "vault.rotate": (BUILDS, ""),
    "vault.revocation": (BUILDS, ""),
    "vault.revoke": (BUILDS, ""),
    "vault.dismiss": (BUILDS, ""),
    "vault.new_gateway_key": (BUILDS, ""),
    "vault.add_gateway_key": (BUILDS, ""),
    "vault.replacement": (BUILDS, ""),
    "vault.replace": (BUILDS, ""),
    "vault.removal": (BUILDS, ""),
    "vault.remove": (BUILDS, ""),
    "vault.hand_over": (BUILDS, ""),
    "vault.make_link": (BUILDS, ""),
    "vault.withdraw": (BUILDS, ""),
    "compose.index": (EVERYBODY, "admin support read_only"),
    "compose.rows": (EVERYBODY, "admin support read_only"),
    "compose.newer": (EVERYBODY, "admin support read_only"),
    "compose.message": (EVERYBODY, "admin support read_only"),
    "compose.settle": (SENDS, ""),
    "compose.export": (SENDS, ""),
    "compose.callback": (EVERYBODY, "admin support read_only"),
    "compose.make_callback": (BUILDS, ""),
    "compose.reveal_callback": (BUILDS, ""),
    "compose.callback_secret": (BUILDS, ""),
    "compose.renew_callback": (BUILDS, ""),
    "compose.name_channel": (SENDS, ""),
    "compose.new": (SENDS, ""),
    "compose.prepare": (SENDS, ""),
    "compose.show_preview": (SENDS, ""),
    "compose.review": (SENDS, ""),
    "compose.send": (SENDS, ""),
    "membership.settings": (EVERYBODY, "admin support read_only"),
    "membership.leave": (EVERYBODY, ""),
    "membership.invite": ("owner", ""),
    "membership.invite_again": ("owner", ""),
    "membership.withdraw_invitation": ("owner", ""),
    "membership.member": ("owner", ""),
    "membership.change_role": ("owner", ""),
    "membership.remove_member": ("owner", ""),
    "membership.end_member_session": ("owner", ""),
    "membership.end_member_sessions": ("owner", ""),
    "signup.setup": (EVERYBODY, "admin support read_only"),
    "signup.send_again": ("owner", ""),
    "signup.details": ("owner", ""),
    "signup.correct": ("owner", ""),
}

STAFF = {
    "staff.board": "admin support read_only",
    "staff.accounts": "admin support read_only",
    "staff.accounts_export": "admin support read_only",
    "staff.account": "admin support read_only",
    "staff.mirror": "admin support read_only",
    "staff.new_account": "admin support",
    "staff.open_account": "admin support",
    "staff.invite": "admin support",
    "staff.withdraw": "admin support",
    "staff.mail_again": "admin support",
    "staff.refresh": "admin support",
    "staff.refresh_account": "admin support",
    "staff.approve": "admin support",
    "staff.decline": "admin support",
    "staff.dashboard": "admin support read_only",
    "staff.events": "admin support read_only",
    "staff.system": "admin support read_only",
    "staff.system_outside": "admin support read_only",
    "staff.send_mails_again": "admin support",
    "staff.set_up": "admin support read_only",
    "staff.retry": "admin support",
    "staff.adopt": "admin support",
    "staff.give_up": "admin support",
    "staff.take_up": "admin support",
    "staff.mail_link": "admin support",
    "staff.mail_way_back": "admin support",
    "staff.audit_log": "admin support read_only",
    "staff.audit_export": "admin support read_only",
    "staff.people": "admin support read_only",
    "staff.colleague": "admin",
    "staff.invite_colleague": "admin",
    "staff.invite_again": "admin",
    "staff.withdraw_invitation": "admin",
    "staff.change_staff_role": "admin",
    "staff.switch_off": "admin",
    "staff.switch_on": "admin",
    "staff.remove_colleague": "admin",
    "staff.app_reset": "admin",
    "staff.reset_app": "admin",
    "staff.end_session": "admin",
    "staff.end_sessions": "admin",
}


def may(app: Flask, endpoint: str) -> tuple[str, str]:
    """Who of an account's people and who of the staff may enter, from what the view itself says."""
    demanded = access.access_of(app.view_functions[endpoint])
    assert demanded is not None
    if demanded.kind == "staff":
        return "", " ".join(role for role in StaffRole if role in (demanded.roles or StaffRole))
    people = " ".join(role for role in Role if role in (demanded.roles or Role))
    is_safe = any("GET" in (rule.methods or ()) for rule in app.url_map.iter_rules(endpoint))
    if not demanded.staff_helps:
        return people, ""
    return people, "admin support read_only" if is_safe and "member" in people else "admin support"


def test_who_may_do_what(portal: Portal) -> None:
    asked = {name: may(portal.app, name) for name in ACCOUNT}
    assert asked == ACCOUNT
    assert {name: may(portal.app, name)[1] for name in STAFF} == STAFF


def test_every_account_page_without_a_role_is_meant_for_everybody(portal: Portal) -> None:
    """A new page says whose it is, or stands here as one for all."""
    for_all = {
        name
        for name, view in portal.app.view_functions.items()
        if (demanded := access.access_of(view)) and demanded.kind == "account" and not demanded.roles
    }
    assert for_all == {name for name, (people, _staff) in ACCOUNT.items() if people == EVERYBODY}


@pytest.mark.parametrize(
    ("role", "shown", "buttons"),
    [
        (Role.OWNER, "Channels Webhooks Events Tokens", "Connect WhatsApp"),
        (Role.DEVELOPER, "Channels Webhooks Events Tokens", ""),
        (Role.OPERATOR, "Channels", "Connect WhatsApp"),
        (Role.MEMBER, "Channels Webhooks Events Tokens", ""),
    ],
)
def test_what_a_role_does_not_allow_is_not_offered(portal: Portal, role: Role, shown: str, buttons: str) -> None:
    _owner, account_id = portal.customer()
    browser = portal.member(account_id, role=role)
    page = browser.get(f"/accounts/{account_id}/channels/")
    links = [a.text_content().split()[0] for a in page.select(".side-nav a")]
    assert [each for each in links if each in ("Channels", "Webhooks", "Events", "Tokens")] == shown.split()
    assert ("Connect WhatsApp" in [button.text_content().strip() for button in page.select("button")]) == bool(
        buttons
    )
    assert "Refresh" in page.text


@pytest.mark.parametrize("who", ["member", "read_only"])
def test_who_only_looks_finds_nothing_to_press(portal: Portal, who: str) -> None:
    owner, account_id = portal.customer()
    base = f"/accounts/{account_id}/"
    owner.post(f"{base}tokens/gateway/new", {"name": "Shop", "key": "pk_live_0123456789abcdef0123"})
    fields = {"callback_url": "https://a.example.com/", "triggers": ["agent.status_changed"], "is_active": "y"}
    assert owner.post(f"{base}webhooks/new", fields).status == 303
    browser = portal.staff(StaffRole.READ_ONLY) if who == "read_only" else portal.member(account_id)
    for path in ("webhooks/", "events/", "events/watch", "tokens/"):
        page = browser.get(f"{base}{path}")
        assert page.status == 200
        found = [button.text_content().strip() for button in page.select("main button, main .btn")]
        assert set(found) <= {"Filter", "Watched events"}, path
    page = browser.get(f"{base}events/watch")
    assert all("disabled" in box.attrib for box in page.select("input[type=checkbox]"))


def test_a_refusal_names_somebody_who_can_help(portal: Portal) -> None:
    _owner, account_id = portal.customer()
    operator = portal.member(account_id, role=Role.OPERATOR)
    assert "Ask an owner of the account." in operator.get(f"/accounts/{account_id}/webhooks/").text
    reader = portal.staff(StaffRole.READ_ONLY)
    assert "Ask one of our admins." in reader.get(f"/accounts/{account_id}/webhooks/new").text


def test_a_developer_makes_reveals_and_revokes_keys(portal: Portal) -> None:
    _owner, account_id = portal.customer()
    developer = portal.member(account_id, role=Role.DEVELOPER)
    base = f"/accounts/{account_id}/tokens/"
    page = developer.get(f"{base}new")
    made = developer.submit(page, "Create token", name="Order system")
    shown = developer.follow(made)
    key = shown.select_one("#secret")
    assert key is not None
    one = made.goes_to.removesuffix("/key")
    assert developer.get(one).status == 200
    revealed = developer.follow(developer.post(f"{one}/reveal", {"password": "violet-anchor-mirror-4417"}))
    assert key.text_content() in revealed.text
    assert developer.post(f"{one}/revoke", {"typed": "Order system"}).status == 303


def test_whatever_support_does_to_an_account_is_in_the_customers_history(portal: Portal) -> None:
    owner, account_id = portal.customer()
    support = portal.staff(StaffRole.SUPPORT)
    base = f"/accounts/{account_id}/"
    attempt = support.post(f"{base}channels/connect").goes_to
    support.post(f"{attempt}/stop")
    fields = {"callback_url": "https://a.example.com/", "triggers": ["agent.status_changed"], "is_active": "y"}
    support.post(f"{base}webhooks/new", fields)
    page = support.get(f"{base}webhooks/")
    webhook = next(
        link.attrib["href"] for link in page.select("main .btn") if link.text_content().startswith("Edit")
    )
    support.post(f"{webhook}/switch", {"off": "1"})
    support.get(f"{base}webhooks/")
    support.post(f"{webhook}/hide", {"hide": "1"})
    history = owner.get(f"{base}history/").text
    for words in (
        "started to connect a WhatsApp number",
        "stopped connecting a WhatsApp number",
        "created the webhook to",
        "switched off the webhook",
        "hid the webhook",
    ):
        assert f"Reseller portal (support@reseller.example.com) {words}" in history, history
