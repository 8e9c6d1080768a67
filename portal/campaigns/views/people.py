"""A new campaign, and other people for one that is not confirmed; and deleting it."""

from uuid import UUID

from flask import flash, url_for
from flask.typing import ResponseReturnValue

from portal.campaigns import drafting
from portal.campaigns.blueprint import blueprint
from portal.campaigns.forms.people import PeopleForm
from portal.campaigns.views.common import ONE, ROOT, address, campaign_or_404, draft_or_404
from portal.contacts.kept_file import LARGEST
from portal.db.engine import only_reads
from portal.errors import DomainError
from portal.i18n import _
from portal.models import Account, Campaign
from portal.web import access, htmx
from portal.web.access import SENDERS
from portal.web.forms import text
from portal.web.serving.uploads import takes_up_to


@blueprint.get(f"{ROOT}new")
@access.account_page(*SENDERS, set_up=True)
def new(account: Account) -> ResponseReturnValue:
    """An empty form."""
    form = PeopleForm()
    form.begin()
    return _page(account, form)


@blueprint.post(f"{ROOT}new")
@access.account_page(*SENDERS, set_up=True)
@only_reads
@takes_up_to(LARGEST)
def create(account: Account) -> ResponseReturnValue:
    """Take the file in, and go on to the message."""
    form = PeopleForm()
    form.begin()
    try:
        if form.validate():
            campaign = drafting.create(access.person_or_401(), account, form.asked(), text(form.intent))
            return htmx.redirect(address(campaign, "columns"))
    except DomainError as error:
        form.show_refusal(error)
    return _page(account, form, status=422)


@blueprint.get(f"{ONE}recipients")
@access.account_page(*SENDERS)
def people(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """The form, filled in."""
    campaign, form = draft_or_404(account, campaign_id), PeopleForm()
    form.show(campaign)
    return _page(account, form, campaign)


@blueprint.post(f"{ONE}recipients")
@access.account_page(*SENDERS)
@only_reads
@takes_up_to(LARGEST)
def change_people(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """Take another file or group."""
    campaign, form = draft_or_404(account, campaign_id), PeopleForm()
    try:
        if form.validate():
            drafting.change_people(access.person_or_401(), account, campaign_id, form.asked())
            return htmx.redirect(address(campaign, "columns"))
    except DomainError as error:
        form.show_refusal(error)
    return _page(account, form, campaign, 422)


@blueprint.post(f"{ONE}delete")
@access.account_page(*SENDERS)
def delete(account: Account, campaign_id: UUID) -> ResponseReturnValue:
    """Delete a campaign that was not confirmed."""
    campaign = campaign_or_404(account, campaign_id)
    try:
        drafting.delete(access.person_or_401(), account, campaign_id)
        flash(_("The campaign “%(name)s” was deleted.", name=campaign.name))
    except DomainError as error:
        flash(error.message, "warning")
    return htmx.redirect(url_for("campaigns.index", account_id=account.id))


def _page(
    account: Account, form: PeopleForm, campaign: Campaign | None = None, status: int = 200
) -> ResponseReturnValue:
    return htmx.page("campaigns/people.html", None, status, account=account, form=form, campaign=campaign)
