"""The list of an account's campaigns."""

from flask import request
from flask.typing import ResponseReturnValue

from portal.campaigns import query
from portal.campaigns.blueprint import blueprint
from portal.campaigns.views.common import ROOT
from portal.campaigns.words import STATE_KINDS, STATE_WORDS
from portal.db.engine import uuid_or_none
from portal.models import Account
from portal.web import access, htmx
from portal.web.access import SENDERS


@blueprint.get(ROOT)
@access.account_page(*SENDERS)
def index(account: Account) -> ResponseReturnValue:
    """The campaigns, newest first."""
    before, after = (uuid_or_none(request.args.get(name)) for name in ("before", "after"))
    page = query.page(account, before, after)
    return htmx.page(
        "campaigns/index.html", account=account, page=page, state_words=STATE_WORDS, state_kinds=STATE_KINDS
    )
