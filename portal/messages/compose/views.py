"""Writing a message: the form, what will arrive, and the one button that sends it."""

from collections.abc import Sequence
from uuid import UUID

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.db.engine import only_reads
from portal.errors import DomainError
from portal.i18n import _
from portal.messages.blueprint import blueprint
from portal.messages.compose import composer
from portal.messages.compose import review as compose_review
from portal.messages.compose.composer import Composer
from portal.messages.compose.forms.message import ComposeForm
from portal.messages.sending import outbox
from portal.models import Account, Credential, Message, MessageState, MessageType
from portal.web import access, htmx
from portal.web.forms import text

ROOT = "/accounts/<uuid:account_id>/messages/"
ONE = f"{ROOT}<uuid:message_id>"


@blueprint.get(f"{ROOT}new")
@access.account_page(*access.SENDERS, set_up=True)
def new(account: Account) -> ResponseReturnValue:
    """An empty form, or one that is filled in from a message (`again`) or for a number (`to`)."""
    credentials = outbox.gateway_keys(account)
    if not credentials:
        return htmx.page("messages/compose/new.html", account=account, form=None)
    form = ComposeForm()
    form.to.data = request.args.get("to", "")
    form.kind.data = request.args.get("type") or MessageType.TEXT.value
    if again := request.args.get("again"):
        _fill_again(account, form, again, credentials)
    return _page(_gather(account, credentials, form, request.args.get("template", "")))


@blueprint.post(f"{ROOT}new")
@access.account_page(*access.SENDERS)
def prepare(account: Account) -> ResponseReturnValue:
    """Keep what was written and go on to the review; or only show the form again, where a button asks for that."""
    written = _gather(account, outbox.gateway_keys(account), ComposeForm())
    form = written.form
    form.follow_key_unseen(written.credentials)
    if written.asks:
        return _page(written)
    try:
        if form.validate():
            row = compose_review.prepare(
                access.person_or_401(),
                account,
                form.draft(),
                written.credential,
                text(form.intent),
                mmlite=form.is_marketing,
                is_fake=bool(form.is_fake.data),
                is_not_marketing=bool(form.is_not_marketing.data),
            )
            return htmx.redirect(url_for("compose.review", account_id=account.id, message_id=row.id))
    except DomainError as error:
        form.show_refusal(error)
    return _page(written, 422)


@blueprint.post(f"{ROOT}preview")
@access.account_page(*access.SENDERS)
@only_reads
def show_preview(account: Account) -> ResponseReturnValue:
    """What will arrive, while it is being written; or the part of the form that depends on the template."""
    written = _gather(account, outbox.gateway_keys(account), ComposeForm())
    block = "template_part" if request.args.get("part") == "template" else "live"
    brings_mode = written.form.follow_key(written.credentials)
    context = written.context() | {"brings_mode": brings_mode, "refusals": written.refusals()}
    return htmx.page("messages/compose/new.html", block, **context)


@blueprint.get(f"{ONE}/review")
@access.account_page(*access.SENDERS)
def review(account: Account, message_id: UUID) -> ResponseReturnValue:
    """Everything about a message before it goes out."""
    return _review(account, _message_or_404(account, message_id))


@blueprint.post(f"{ONE}/send")
@access.account_page(*access.SENDERS)
def send(account: Account, message_id: UUID) -> ResponseReturnValue:
    """Send it; once, however often this is pressed."""
    message = _message_or_404(account, message_id)
    try:
        seen = request.form.get("seen", "")
        outbox.confirm(access.person_or_401(), account, message, anyway="anyway" in request.form, seen=seen)
    except DomainError as error:
        return _review(account, message, None if isinstance(error, outbox.LookAlike) else error, 422)
    return _detail(account, message)


@blueprint.post(f"{ONE}/discard")
@access.account_page(*access.SENDERS)
def discard(account: Account, message_id: UUID) -> ResponseReturnValue:
    """Give up a message that was not confirmed; nothing happens to any other."""
    if outbox.discard(access.person_or_401(), account, message_id):
        flash(_("The message was discarded."))
    elif message := compose_review.find(account, message_id):
        return _detail(account, message)
    return htmx.redirect(url_for("compose.index", account_id=account.id))


# --- the form ----------------------------------------------------------------------------------------


def _fill_again(account: Account, form: ComposeForm, wanted: str, credentials: Sequence[Credential]) -> None:
    message = _message(account, wanted)
    if message is None:
        flash(_("The content of that message has been erased. Write it again."), "warning")
        return
    draft = compose_review.draft_of(message)
    form.fill(draft)
    listed = compose_review.listed_for(account, draft)
    form.template.data = listed.value if listed else ""
    form.mmlite.data = message.mmlite
    form.is_not_marketing.data = draft.kind == MessageType.TEMPLATE and not message.is_marketing
    if message.credential_id in [row.id for row in credentials]:
        form.credential.data = form.mode_of.data = str(message.credential_id)
        form.is_fake.data = message.is_fake
    if message.state == MessageState.PREPARED:
        form.intent.data = message.intent  # it is the same message, written on


def _gather(
    account: Account, credentials: Sequence[Credential], form: ComposeForm, template: str = ""
) -> Composer:
    asks = frozenset(filter(None, (request.form.get("look"), request.args.get("look"))))
    return composer.gather(access.person_or_401(), account, credentials, form, asks, template)


def _page(written: Composer, status: int = 200) -> ResponseReturnValue:
    return htmx.page("messages/compose/new.html", "composer", status, **written.context())


# --- the review --------------------------------------------------------------------------------------


def _review(
    account: Account, message: Message, error: DomainError | None = None, status: int = 200
) -> ResponseReturnValue:
    if message.state != MessageState.PREPARED:
        return _detail(account, message)
    context = {"account": account, "review": compose_review.review(account, message), "error": error}
    return htmx.page("messages/compose/review.html", "review", status, **context)


def _detail(account: Account, message: Message) -> ResponseReturnValue:
    return htmx.redirect(url_for("compose.message", account_id=account.id, message_id=message.id))


def _message_or_404(account: Account, message_id: UUID) -> Message:
    found = compose_review.find(account, message_id)
    if found is None:
        abort(404)
    return found


def _message(account: Account, wanted: str) -> Message | None:
    try:
        return compose_review.find(account, UUID(wanted))
    except ValueError:
        return None
