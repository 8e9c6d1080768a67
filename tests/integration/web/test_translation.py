"""A browser that translates the pages leaves alone what is the same in every language."""

from portal.messages.reports import receiver
from portal.models import Credential, StaffRole, Webhook
from tests.integration.messages.conftest import make_sender
from tests.support.application.pages import left_to_translators


def test_names_that_are_the_same_in_every_language(portal, control):
    sender = make_sender(portal, control)
    browser, root = sender.browser, f"/accounts/{sender.account_id}/"
    channel = control.create_channel(sender.uuid, name="Shop")["uuid"]
    control.create_webhook(
        sender.uuid, "https://crm.example.com/in", triggers=["message.created"], channels=[channel]
    )
    row = sender.send()
    sender._inside(receiver.make)
    for path in ("channels/", "webhooks/", "events/watch"):
        browser.get(root + path)
    webhook = next(each for each in portal.rows(Webhook) if each.portal_webhook_id is None)
    own = f"{root}webhooks/{webhook.id}"
    [key] = portal.rows(Credential)
    paths = [own, f"{own}/test", f"{root}tokens/{key.id}", f"{root}messages/{row.id}", root]
    paths += [
        f"{root}{name}/"
        for name in ("channels", "webhooks", "events", "settings", "history", "tokens", "messages")
    ]
    paths += [
        f"{root}{name}"
        for name in ("webhooks/new", "events/watch", "tokens/gateway/new", "messages/status-events")
    ]
    left = {}
    for path in paths:
        page = browser.get(path)
        assert page.status == 200, path
        left[path] = left_to_translators(page.root)
    staff = portal.staff(StaffRole.ADMIN)
    for path in ("/staff/events/", "/staff/accounts/", "/staff/audit/", "/staff/system/", root):
        left[f"staff {path}"] = left_to_translators(staff.get(path).root)
    assert "\n".join(f"{path}: {sorted(set(names))}" for path, names in left.items() if names) == ""
