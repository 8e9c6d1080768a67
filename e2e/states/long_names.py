"""Pages that hold names and addresses as long as they may be."""

from __future__ import annotations

import secrets

from playwright.sync_api import expect

from e2e.pages.people import SettingsPage
from e2e.running.people import Customer, Member, sign_up
from e2e.states.walk import Walk, state

COMPANY = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
CHANNELS = ("Kundenzufriedenheitsbefragungsabteilung", "شركة النور للتجارة والتوزيع", "Main line", "Second line")
HOOK = f"https://hooks.{'kundenzufriedenheit' * 3}.example.com/v1/tenants/{'0f6c2f1d' * 6}"


def long_address() -> str:
    return f"maximilian.alexander.{secrets.token_hex(4)}@{'donaudampfschifffahrt' * 2}.example.com"


def long_member(walk: Walk) -> Member:
    """A customer with channels and a webhook, all of them with long names."""
    customer = Customer(COMPANY, "محمد عبد الرحمن", "Freiherr von Guttenberg-Sachsen", long_address())
    member, connexease = sign_up(walk.context, walk.stack, customer), walk.stack.connexease
    for name in CHANNELS:
        made = connexease.create_channel(member.connexease_uuid, name=name)
        connexease.create_webhook(
            member.connexease_uuid, HOOK, triggers=["message.created"], channels=[made["uuid"]]
        )
    walk.page.goto(member.channels_url)
    return member


@state()
def long_settings(walk: Walk) -> None:
    walk.account = long_member(walk)
    walk.page.goto(f"{walk.account.account_url}settings/")
    SettingsPage(walk.page).invite(long_address(), "Operator")


@state(after=long_settings)
def long_watch(walk: Walk) -> None:
    assert walk.account is not None
    walk.page.goto(f"{walk.account.account_url}events/watch")
    expect(walk.page.get_by_role("columnheader", name=CHANNELS[0])).to_be_visible()


@state(after=long_watch)
def long_webhooks(walk: Walk) -> None:
    assert walk.account is not None
    walk.page.goto(f"{walk.account.account_url}webhooks/")
    expect(walk.page.get_by_text(HOOK).first).to_be_visible()


@state(after=long_webhooks)
def long_account_for_staff(walk: Walk) -> None:
    assert walk.account is not None
    walk.staff(f"/staff/accounts/{walk.account.connexease_uuid}")
    expect(walk.page.get_by_role("heading", level=1)).to_have_text(COMPANY)
