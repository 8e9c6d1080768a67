"""Where Lale Butik has its events sent: to a server that failed once, and to where a webhook led before."""

from uuid import uuid4

from sqlmodel import col, select

from portal.demo.logins import AYSE, MERT
from portal.demo.stage import Scenes, Stage
from portal.demo.story.customer import Customer
from portal.extensions import session
from portal.models import Webhook
from portal.relay import destinations, switching
from portal.relay.destinations import Wish


def made(stage: Stage) -> Scenes:
    """A server of theirs gets every message that comes in; it fails once, and gets that one a little later."""
    yield stage.ago(3, "10:20")
    shop = Customer.of(stage, AYSE)
    with shop.acting(MERT) as (person, account):
        address, kinds = f"{stage.vendor.url}/inbox/orders", ["message.created", "conversation.created"]
        wish = Wish("Order system", address, kinds)
        destinations.create(person, account, wish, uuid4().hex)
    yield stage.ago(2, "09:00")
    stage.vendor.fault("status", "POST", "^/inbox/", status=503)
    yield stage.ago(1, "11:00")
    with shop.acting(MERT) as (person, account):
        query = select(Webhook).where(Webhook.account_id == account.id, col(Webhook.portal_webhook_id).is_(None))
        switching.switch(person, account, session().exec(query).one())
    yield stage.end
    stage.drain()
