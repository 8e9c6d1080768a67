"""The form of a webhook: a new one, a changed one, and checking it while it is filled in."""

from dataclasses import replace
from uuid import UUID

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.db.engine import only_reads
from portal.errors import DomainError
from portal.models import Account
from portal.web import access, htmx
from portal.web.access import BUILDERS
from portal.webhooks import changes, editor, snapshot
from portal.webhooks.blueprint import blueprint
from portal.webhooks.editor import Editor
from portal.webhooks.forms import WebhookForm
from portal.webhooks.header_fields import BLANK_ROWS
from portal.webhooks.rules import callback_addresses
from portal.webhooks.rules.subscriptions import Broken
from portal.webhooks.views.common import ROOT, current, say_saved, webhook_or_404


@blueprint.get(f"{ROOT}new")
@access.account_page(*BUILDERS, staff=True)
def new(account: Account) -> ResponseReturnValue:
    """An empty form."""
    form = WebhookForm()
    form.triggers.data = request.args.getlist("trigger")
    form.channels.data = request.args.getlist("channel")
    return _page(editor.gather(account, snapshot.known(account), form, None))


@blueprint.post(f"{ROOT}new")
@access.account_page(*BUILDERS, staff=True)
def create(account: Account) -> ResponseReturnValue:
    """Make a webhook."""
    return _save(editor.gather(account, snapshot.known(account), WebhookForm(), None))


@blueprint.get(f"{ROOT}<uuid:webhook_id>")
@access.account_page(*BUILDERS, staff=True)
def edit(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """The form, filled with what Connexease holds; never with a header's value."""
    known = current(account)
    webhook = webhook_or_404(known, webhook_id)
    form = WebhookForm()
    form.fill(webhook)
    return _page(editor.gather(account, known, form, webhook))


@blueprint.post(f"{ROOT}<uuid:webhook_id>")
@access.account_page(*BUILDERS, staff=True)
def change(account: Account, webhook_id: UUID) -> ResponseReturnValue:
    """Change a webhook."""
    known = snapshot.known(account)
    return _save(editor.gather(account, known, WebhookForm(), webhook_or_404(known, webhook_id)))


@blueprint.post(f"{ROOT}check")
@access.account_page(*BUILDERS, staff=True)
@only_reads
def check(account: Account) -> ResponseReturnValue:
    """Check a form as it changes, against the last known state; nothing is saved.

    What speaks against its address is a part of its own: a name is looked up for it, which may take a while.
    """
    known, wanted = snapshot.known(account), request.args.get("webhook")
    webhook = known.find(_uuid_or_404(wanted)) if wanted else None
    edited = editor.gather(account, known, WebhookForm(), webhook)
    shown = edited.parts() | ({"refusals": edited.refusals()} if htmx.is_fragment_request() else {})
    if request.args.get("part") == "doubt":
        return htmx.page("webhooks/form.html", "doubt", **shown, doubt=edited.doubt)
    return htmx.page("webhooks/form.html", "choices", **shown)


def _save(edited: Editor) -> ResponseReturnValue:
    form = edited.form
    if "more" in request.form:
        form.add_blank_headers(BLANK_ROWS * 2)
        return _page(edited, more=True)
    broken: list[Broken] = []
    try:
        if form.validate():
            return _saved(edited)
    except changes.RulesBroken as error:
        broken = error.broken
        form.show_refusal(error)
    except DomainError as error:
        form.show_refusal(error)
    # Connexease was asked meanwhile: what stands in the way may be news.
    return _page(replace(edited, known=snapshot.known(edited.account)), 422, broken)


def _saved(edited: Editor) -> ResponseReturnValue:
    person, account, desired = access.person_or_401(), edited.account, edited.form.desired()
    if edited.webhook is None:
        row = changes.create(person, account, desired, edited.form.intent.data or "")
    else:
        row = edited.webhook.row
        changes.change(person, account, row, desired)
    say_saved(row)
    if doubt := callback_addresses.doubt_by_itself(desired.callback_url):
        flash(doubt, "warning")
    return htmx.redirect(url_for("webhooks.index", account_id=account.id))


def _page(
    edited: Editor, status: int = 200, broken: list[Broken] | None = None, *, more: bool = False
) -> ResponseReturnValue:
    return htmx.page("webhooks/form.html", "form", status, **edited.page(broken, more=more))


def _uuid_or_404(value: str | None) -> UUID:
    try:
        return UUID(value or "")
    except ValueError:
        abort(404)
