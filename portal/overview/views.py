"""An account's overview. It is on the blueprint of the account's own pages."""

from flask.typing import ResponseReturnValue

from portal.channels import snapshot
from portal.customers.accounts.blueprint import blueprint
from portal.events import reading
from portal.events.forms import state_words
from portal.models import Account
from portal.overview import facts
from portal.web import access, htmx


@blueprint.get("/accounts/<uuid:account_id>/")
@access.account_page(staff=True, set_up=True)
def overview(account: Account) -> ResponseReturnValue:
    """What is set up and what to do next."""
    if snapshot.is_unread(account):
        snapshot.try_refresh(account)
    return htmx.page(
        "overview/index.html",
        account=account,
        overview=facts.overview(account, with_events=access.may_enter("events.index")),
        line=reading.lines(),
        state_words=state_words(),
    )
