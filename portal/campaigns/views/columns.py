"""What a campaign says: its template, and which column fills which field."""

from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from portal.campaigns import drafting
from portal.campaigns.blueprint import blueprint
from portal.campaigns.forms.message import MessageForm
from portal.campaigns.message import columns as filled_in
from portal.campaigns.message.columns import Columns
from portal.campaigns.views.common import ONE, address, draft_or_404
from portal.db.engine import only_reads
from portal.errors import DomainError
from portal.messages.sending import outbox
from portal.models import Account, Campaign
from portal.web import access, htmx
from portal.web.access import SENDERS


@blueprint.get(f"{ONE}message")
@access.account_page(*SENDERS)
def columns(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """The form, with what was chosen before or with a guess."""
    campaign, form = draft_or_404(account, campaign_id), MessageForm()
    form.offer_columns(filled_in.names(campaign))
    if plan := filled_in.saved(campaign):
        form.show(campaign, plan)
    return _page(_gather(account, campaign, form))


@blueprint.post(f"{ONE}message")
@access.account_page(*SENDERS)
def fill(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """Keep it and have the rows checked; or only show the form again, where a button asks for that."""
    campaign = draft_or_404(account, campaign_id)
    written = _gather(account, campaign, MessageForm())
    written.form.follow_key_unseen(written.composed.credentials)
    if written.composed.asks:
        return _page(written)
    try:
        if written.form.validate():
            drafting.fill(access.person_or_401(), account, campaign_id, written.filled())
            return htmx.redirect(address(campaign, "check"))
    except DomainError as error:
        written.form.show_refusal(error)
    return _page(written, 422)


@blueprint.post(f"{ONE}preview")
@access.account_page(*SENDERS)
@only_reads
def show_preview(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """The first rows, while it is being filled in; or the part of the form that depends on the template."""
    written = _gather(account, draft_or_404(account, campaign_id), MessageForm())
    block = "template_part" if request.args.get("part") == "template" else "live"
    brings_mode = written.form.follow_key(written.composed.credentials)
    return htmx.page("campaigns/columns.html", block, **written.context(), brings_mode=brings_mode)


def _gather(account: Account, campaign: Campaign, form: MessageForm) -> Columns:
    asks = frozenset(filter(None, (request.form.get("look"), request.args.get("look"))))
    keys = outbox.gateway_keys(account)
    return filled_in.gather(access.person_or_401(), account, campaign, keys, form, asks)


def _page(written: Columns, status: int = 200) -> ResponseReturnValue:
    if not written.composed.credentials and not request.form:
        return htmx.page(
            "campaigns/columns.html", None, status, account=written.account, campaign=written.campaign, form=None
        )
    return htmx.page("campaigns/columns.html", "message", status, **written.context())
