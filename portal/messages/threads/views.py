"""The pages of conversations: who wrote, and what was written with one person; and erasing that person."""

from datetime import datetime
from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.contacts import book
from portal.errors import DomainError
from portal.i18n import _
from portal.messages.blueprint import blueprint
from portal.messages.compose.forms.message import ComposeForm
from portal.messages.sending import outbox
from portal.messages.threads import erasing, query, window
from portal.models import Account, Contact, MessageType
from portal.web import access, htmx, listing
from portal.web.access import SENDERS

ROOT = "/accounts/<uuid:account_id>/conversations/"
MOST_TYPED = 100


@blueprint.get(ROOT)
@access.account_page(*SENDERS)
def conversations(account: Account) -> ResponseReturnValue:
    """Who wrote, the last first, or those who are looked for."""
    typed = request.args.get("q", "").strip()[:MOST_TYPED]
    page = query.page(account, typed, listing.number("before"), listing.number("after"))
    context = {"account": account, "typed": typed, "page": page, "rows": query.shortly(page.rows)}
    return htmx.page("messages/threads/index.html", "log", 200, **context)


@blueprint.get(f"{ROOT}<int:contact_id>")
@access.account_page(*SENDERS)
def conversation(account: Account, contact_id: int) -> ResponseReturnValue:
    """What was written with one person, both ways."""
    contact = _contact_or_404(account, contact_id)
    before = _before()
    thread = query.thread(contact, before)
    query.note_read(contact)
    return htmx.page(
        "messages/threads/thread.html",
        None,
        200,
        account=account,
        contact=contact,
        thread=thread,
        before=before,
        window=window.of_contact(contact),
        **_reply(account, contact),
    )


@blueprint.post("/accounts/<uuid:account_id>/contacts/<int:contact_id>/erase")
@access.account_page(*SENDERS)
def erase_contact(account: Account, contact_id: int) -> ResponseReturnValue:
    """Erase somebody, for good."""
    _contact_or_404(account, contact_id)
    try:
        erasing.erase(access.person_or_401(), account, contact_id)
    except DomainError as error:
        flash(error.message, "danger")
        return htmx.redirect(url_for("contacts.show", account_id=account.id, contact_id=contact_id))
    flash(_("Contact erased."))
    return htmx.redirect(url_for("contacts.index", account_id=account.id))


def _reply(account: Account, contact: Contact) -> dict[str, Any]:
    """The composer's form, as far as a short answer needs it."""
    credentials = outbox.gateway_keys(account)
    if not (credentials and contact.number):
        return {"form": None}
    form = ComposeForm()
    form.offer(credentials)
    form.to.data, form.kind.data = contact.number, MessageType.TEXT.value
    return {"form": form}


def _before() -> datetime | None:
    try:
        found = datetime.fromisoformat(request.args.get("before", ""))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _contact_or_404(account: Account, contact_id: int) -> Contact:
    found = book.find(account, contact_id)
    if found is None:
        abort(404)
    return found
