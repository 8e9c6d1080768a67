"""Writing a message: the form, what will arrive, and the one button that sends it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.db.engine import only_reads
from portal.errors import DomainError
from portal.i18n import _
from portal.messages import template_list
from portal.messages.blueprint import blueprint
from portal.messages.compose import drafts, preview, recipients
from portal.messages.compose import review as compose_review
from portal.messages.compose.drafts import Draft
from portal.messages.compose.forms.message import ComposeForm
from portal.messages.compose.forms.template import LANGUAGES
from portal.messages.sending import outbox
from portal.messages.template_list import TemplateList
from portal.models import Account, Credential, Message, MessageState, MessageType
from portal.web import access, htmx, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit

ROOT = "/accounts/<uuid:account_id>/messages/"
ONE = f"{ROOT}<uuid:message_id>"
FEW, MOST_SHOWN = 5, 60
"""Templates: up to the first need no search, and more than the second are not shown at once."""


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
    form.offer(credentials)
    templates = _templates(account, form)
    form.use(templates.find(request.args.get("template", "") or form.template.data or ""))
    return _page(account, form, templates)


@blueprint.post(f"{ROOT}new")
@access.account_page(*access.SENDERS)
def prepare(account: Account) -> ResponseReturnValue:
    """Keep what was written and go on to the review; or only show the form again, where a button asks for that."""
    credentials = outbox.gateway_keys(account)
    form = ComposeForm()
    templates = _read_form(account, form, credentials)
    form.follow_key_unseen(credentials)
    if "look" in request.form:
        return _page(account, form, templates)
    try:
        if form.validate():
            row = compose_review.prepare(
                access.person_or_401(),
                account,
                form.draft(),
                _chosen(form, credentials),
                text(form.intent),
                mmlite=form.is_marketing,
                is_fake=bool(form.is_fake.data),
            )
            return htmx.redirect(url_for("compose.review", account_id=account.id, message_id=row.id))
    except DomainError as error:
        form.show_refusal(error)
    return _page(account, form, templates, 422)


@blueprint.post(f"{ROOT}preview")
@access.account_page(*access.SENDERS)
@only_reads
def show_preview(account: Account) -> ResponseReturnValue:
    """What will arrive, while it is being written; or the part of the form that depends on the template."""
    credentials = outbox.gateway_keys(account)
    form = ComposeForm()
    templates = _read_form(account, form, credentials)
    block = "template_part" if request.args.get("part") == "template" else "live"
    context = _context(account, form, templates) | {"brings_mode": form.follow_key(credentials)}
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
        flash(_("The message is discarded."))
    elif message := compose_review.find(account, message_id):
        return _detail(account, message)
    return htmx.redirect(url_for("compose.index", account_id=account.id))


# --- the form ----------------------------------------------------------------------------------------


def _fill_again(account: Account, form: ComposeForm, wanted: str, credentials: Sequence[Credential]) -> None:
    message = _message(account, wanted)
    if message is None:
        flash(_("What that message said is not kept any more."), "warning")
        return
    draft = compose_review.draft_of(message)
    form.fill(draft)
    listed = compose_review.listed_for(account, draft)
    form.template.data = listed.value if listed else ""
    form.mmlite.data = message.mmlite
    if message.credential_id in [row.id for row in credentials]:
        form.credential.data = form.mode_of.data = str(message.credential_id)
        form.is_fake.data = message.is_fake
    if message.state == MessageState.PREPARED:
        form.intent.data = message.intent  # it is the same message, written on


def _read_form(account: Account, form: ComposeForm, credentials: Sequence[Credential]) -> TemplateList:
    """Everything that a form which was sent needs, before it is checked or shown."""
    form.offer(credentials)
    templates = _templates(account, form)
    form.use(templates.find(form.template.data or ""))
    if _looks_for("values"):
        form.more_values()
    if _looks_for("buttons"):
        form.more_buttons()
    return templates


def _templates(account: Account, form: ComposeForm) -> TemplateList:
    """The templates, read anew while somebody chooses one; whoever writes something else waits for nobody."""
    try:
        if _looks_for("refresh"):
            rate_limits.take_for_account(Limit.TEMPLATE_READS, account.id)
            return template_list.current(account, access.person_or_401(), timedelta())
        if form.chosen_kind == MessageType.TEMPLATE:
            return template_list.current(account)
    except rate_limits.TooManyTries:
        pass
    return template_list.known(account)


def _looks_for(what: str) -> bool:
    """Whether a button asks for this, which changes the form and sends nothing."""
    return what in (request.form.get("look"), request.args.get("look"))


def _chosen(form: ComposeForm, credentials: Sequence[Credential]) -> Credential:
    if not credentials:  # since the form was opened: whoever wrote in it shall not have done so in vain
        raise DomainError(
            _("The vault holds no gateway key any more. Put one there, then go on here."), "credential"
        )
    chosen = next((row for row in credentials if str(row.id) == form.credential.data), None)
    if chosen is None:
        raise DomainError(_("Choose one of the list."), "credential")
    return chosen


def _page(account: Account, form: ComposeForm, templates: TemplateList, status: int = 200) -> ResponseReturnValue:
    return htmx.page("messages/compose/new.html", "composer", status, **_context(account, form, templates))


def _context(account: Account, form: ComposeForm, templates: TemplateList) -> dict[str, Any]:
    all_found = templates.search(text(form.find), form.channel.data or "")
    found = all_found[:MOST_SHOWN]
    form.offer_templates(found, templates.channels)
    draft = form.draft()
    _offer_language(account, form, draft)
    form.to.description = recipients.hint(account.time_zone)
    return {
        "account": account,
        "form": form,
        "templates": templates,
        "found": found,
        "more": len(all_found) - len(found),
        "needs_search": len(templates.templates) > FEW,
        "languages": LANGUAGES,
        "opens_more": _looks_for("buttons"),
        "draft": draft,
        "bubble": preview.of_draft(draft, form.listed),
        "recipient": _recipient(account, draft.to),
        "limits": {"body": drafts.BODY_LIMIT, "caption": drafts.CAPTION_LIMIT},
    }


def _offer_language(account: Account, form: ComposeForm, draft: Draft) -> None:
    """The language that a template was last sent in, until somebody types another."""
    key = template_list.language_key(draft)
    is_another = _looks_for("choose") and form.language_of.data != key
    if is_another or not (form.is_submitted() or form.language.data):
        form.language.data = template_list.language_for(account, draft)
    form.language_of.data = key


def _recipient(account: Account, typed: str) -> recipients.Recipient | None:
    """Whom the number means, while it is being typed."""
    try:
        return recipients.read(typed, account.time_zone)
    except DomainError:
        return None


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
