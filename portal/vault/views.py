"""An account's access tokens: list, make, reveal, rotate, revoke; and its gateway API keys."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, abort, flash, make_response, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import SecretStr

from portal import access, entrance, htmx, throttle
from portal.access import BUILDERS, LOOKERS
from portal.accounts.service import is_ready
from portal.auth.confirming import confirm
from portal.auth.forms import PasswordForm
from portal.database import writing
from portal.errors import DomainError
from portal.forms import text
from portal.i18n import _
from portal.models import Account, CredentialKind, CredentialStep, now
from portal.throttle import Limit
from portal.vault import blueprint, gateway_keys, handovers, holdings, issuing, keys, proving, revoking
from portal.vault.forms import (
    GatewayKeyForm,
    NameForm,
    PastedKeyForm,
    RotateForm,
    TokenForm,
    TypedForm,
)
from portal.vault.holdings import Held
from portal.vault.issuing import Wish

ROOT = "/accounts/<uuid:account_id>/tokens/"
ONE = f"{ROOT}<uuid:credential_id>"
POLLED_AT_MOST = timedelta(seconds=20)
"""How often a page that looks by itself has Connexease asked."""
SHOWN_FOR = 60
"""Seconds that a revealed key stays on the screen."""


@blueprint.get(ROOT)
@access.account_page(*LOOKERS, staff=True)
def index(account: Account) -> ResponseReturnValue:
    """What Connexease lists now, and what is in the vault."""
    if not is_ready(account):
        return htmx.redirect(url_for("signup.setup", account_id=account.id))
    is_poll = htmx.is_fragment_request()
    held = holdings.current(account, at_most=POLLED_AT_MOST if is_poll else timedelta())
    context: dict[str, Any] = {
        "holdings": held,
        "history": holdings.history(account),
        "show_past": "past" in request.args,
    }
    return htmx.page("vault/index.html", "tokens", **_context(account), **context)


@blueprint.get(f"{ROOT}new")
@access.account_page(*BUILDERS)
def new(account: Account) -> ResponseReturnValue:
    """An empty form."""
    if not is_ready(account):
        return htmx.redirect(url_for("signup.setup", account_id=account.id))
    return _form_page("vault/new.html", account, TokenForm())


@blueprint.post(f"{ROOT}new")
@access.account_page(*BUILDERS)
def create(account: Account) -> ResponseReturnValue:
    """Make a token."""
    if not is_ready(account):
        return htmx.redirect(url_for("signup.setup", account_id=account.id))
    form = TokenForm()
    try:
        if form.validate():
            wish = Wish(text(form.name), keep=bool(form.keep.data))
            return _make(account, wish, text(form.intent))
    except DomainError as error:
        form.show_refusal(error)
    return _form_page("vault/new.html", account, form, 422)


@blueprint.get(f"{ONE}/key")
@access.account_page(*BUILDERS)
def first(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """The key of a token that was just made: shown once."""
    held = _held_or_404(account, credential_id)
    if request.method == "HEAD":  # whoever only asks whether there is a page must not use it up
        return make_response("")
    with writing():
        key = keys.show_new(access.person_or_401(), held.row)
    if key is None:
        return htmx.redirect(_address(account, held))
    return _secret_page("vault/first.html", account, held, key)


@blueprint.get(ONE)
@access.account_page(*LOOKERS, staff=True)
def show(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """All about one token or key, but the key."""
    return _show(account, _held_or_404(account, credential_id))


@blueprint.post(f"{ONE}/reveal")
@access.account_page(*BUILDERS)
def reveal(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Let somebody who manages the account's keys see one, after they typed the password."""
    held, form = _held_or_404(account, credential_id), PasswordForm()
    try:
        if form.validate():
            confirm(form)
            throttle.take_for_account(Limit.REVEALS, account.id)
            entrance.grant(held.id)
            return htmx.redirect(url_for("vault.revealed", account_id=account.id, credential_id=held.id))
    except DomainError as error:
        form.show_refusal(error)
    return _show(account, held, form, 422)


@blueprint.get(f"{ONE}/reveal")
@access.account_page(*BUILDERS)
def revealed(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """The key, for a minute; only right after the password, and not again by "back" or "reload"."""
    held = _held_or_404(account, credential_id)
    if request.method == "HEAD":
        return make_response("")
    if not entrance.use_grant(held.id):
        return htmx.redirect(_address(account, held))
    try:
        with writing():
            key = keys.reveal(access.person_or_401(), account, held.row)
    except keys.NoKey as error:
        flash(error.message, "danger")
        return htmx.redirect(_address(account, held))
    page = _secret_page("vault/revealed.html", account, held, key)
    page.headers["Refresh"] = f"{SHOWN_FOR}; url={_address(account, held)}"
    return page


@blueprint.post(f"{ONE}/copied")
@access.account_page(*BUILDERS)
def copied(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """The page says that its copy button was pressed."""
    held = _held_or_404(account, credential_id)
    try:
        throttle.take_for_account(Limit.REVEALS, account.id)
    except throttle.TooManyTries:
        abort(429)
    keys.note_copied(access.person_or_401(), account, held.row)
    return "", 204


@blueprint.post(f"{ONE}/try")
@access.account_page(*BUILDERS)
def try_out(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Ask Connexease something with the key."""
    held = _held_or_404(account, credential_id)
    try:
        throttle.take_for_account(Limit.REVEALS, account.id)
        flash(proving.try_out(access.person_or_401(), account, held.row))
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(_address(account, held))


@blueprint.post(f"{ONE}/rename")
@access.account_page(*BUILDERS)
def rename(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Give it another name."""
    held, form = _held_or_404(account, credential_id), NameForm()
    if form.validate():
        issuing.rename(access.person_or_401(), account, held.row, text(form.name))
        return htmx.redirect(_address(account, held))
    return _show(account, held, status=422, name_form=form)


@blueprint.get(f"{ONE}/rotate")
@access.account_page(*BUILDERS)
def rotation(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """What rotating does, and when the old token ends."""
    held = _live_or_404(account, credential_id)
    form = RotateForm()
    form.replace(held.row.name, held.row.is_ours)
    return _form_page("vault/rotate.html", account, form, held=held)


@blueprint.post(f"{ONE}/rotate")
@access.account_page(*BUILDERS)
def rotate(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Make a token that takes another one's place; both are good for a while."""
    held, form = _live_or_404(account, credential_id), RotateForm()
    form.replace(held.row.name, held.row.is_ours)
    try:
        if form.validate():
            wish = Wish(text(form.name), bool(form.keep.data), replaces=held.row, revoke_at=form.revoke_at())
            return _make(account, wish, text(form.intent))
    except DomainError as error:
        form.show_refusal(error)
    return _form_page("vault/rotate.html", account, form, 422, held=held)


@blueprint.get(f"{ONE}/revoke")
@access.account_page(*BUILDERS)
def revocation(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """What revoking does."""
    return _typed_page("vault/revoke.html", account, _token_or_404(account, credential_id))


@blueprint.post(f"{ONE}/revoke")
@access.account_page(*BUILDERS)
def revoke(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Revoke a token for good."""
    held, form = _token_or_404(account, credential_id), TypedForm()
    form.expect(held.label)
    try:
        if form.validate():
            revoking.revoke(access.person_or_401(), account, held.row)
            if held.row.step == CredentialStep.REVOKING:
                flash(
                    _("Connexease has not confirmed it yet. We go on until it does; the list shows it."), "warning"
                )
            else:
                flash(_("“%(name)s” is revoked.", name=held.label))
            return htmx.redirect(url_for("vault.index", account_id=account.id))
    except DomainError as error:
        form.show_refusal(error)
    return _typed_page("vault/revoke.html", account, held, form, 422)


@blueprint.post(f"{ONE}/dismiss")
@access.account_page(*BUILDERS)
def dismiss(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Take away what told of a lost token."""
    try:
        issuing.dismiss(access.person_or_401(), account, _held_or_404(account, credential_id).row)
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("vault.index", account_id=account.id))


# --- gateway keys ------------------------------------------------------------------------------------


@blueprint.get(f"{ROOT}gateway/new")
@access.account_page(*BUILDERS)
def new_gateway_key(account: Account) -> ResponseReturnValue:
    """Where a gateway API key is pasted."""
    return htmx.page("vault/gateway_key.html", **_context(account), form=GatewayKeyForm(), held=None)


@blueprint.post(f"{ROOT}gateway/new")
@access.account_page(*BUILDERS)
def add_gateway_key(account: Account) -> ResponseReturnValue:
    """Keep a gateway API key."""
    form = GatewayKeyForm()
    try:
        if form.validate():
            key = SecretStr(text(form.key))
            row = gateway_keys.add(access.person_or_401(), account, text(form.name), key)
            flash(_("“%(name)s” is in the vault.", name=row.name))
            return htmx.redirect(url_for("vault.index", account_id=account.id))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("vault/gateway_key.html", "form", 422, **_context(account), form=form, held=None)


@blueprint.get(f"{ONE}/replace")
@access.account_page(*BUILDERS)
def replacement(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Where the new key of a gateway app is pasted."""
    held = _gateway_key_or_404(account, credential_id)
    return htmx.page("vault/gateway_key.html", **_context(account), form=PastedKeyForm(), held=held)


@blueprint.post(f"{ONE}/replace")
@access.account_page(*BUILDERS)
def replace(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Put a new key in the place of the old one."""
    held, form = _gateway_key_or_404(account, credential_id), PastedKeyForm()
    try:
        if form.validate():
            gateway_keys.replace(access.person_or_401(), account, held.row, SecretStr(text(form.key)))
            flash(_("“%(name)s” has its new key.", name=held.label))
            return htmx.redirect(_address(account, held))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("vault/gateway_key.html", "form", 422, **_context(account), form=form, held=held)


@blueprint.get(f"{ONE}/remove")
@access.account_page(*BUILDERS)
def removal(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """What removing does."""
    return _typed_page("vault/remove.html", account, _gateway_key_or_404(account, credential_id))


@blueprint.post(f"{ONE}/remove")
@access.account_page(*BUILDERS)
def remove(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Erase a gateway key from the vault."""
    held, form = _gateway_key_or_404(account, credential_id), TypedForm()
    form.expect(held.label)
    if form.validate():
        gateway_keys.remove(access.person_or_401(), account, held.row)
        flash(_("“%(name)s” is removed from the vault.", name=held.label))
        return htmx.redirect(url_for("vault.index", account_id=account.id))
    return _typed_page("vault/remove.html", account, held, form, 422)


# --- what they share ---------------------------------------------------------------------------------


def _make(account: Account, wish: Wish, intent: str) -> ResponseReturnValue:
    throttle.take_for_account(Limit.NEW_TOKENS, account.id)
    row = issuing.create(access.person_or_401(), account, wish, intent)
    address = "vault.first" if row.step == CredentialStep.LISTED else "vault.show"
    return htmx.redirect(url_for(address, account_id=account.id, credential_id=row.id))


def _context(account: Account) -> dict[str, Any]:
    return {"account": account, "may_manage": access.may_enter("vault.create")}


def _show(
    account: Account,
    held: Held,
    form: PasswordForm | None = None,
    status: int = 200,
    name_form: NameForm | None = None,
) -> ResponseReturnValue:
    if name_form is None:
        name_form = NameForm(formdata=None, name=held.row.name)
    replaced = holdings.known(account).find(held.row.replaces_id) if held.row.replaces_id else None
    context = {
        "held": held,
        "form": form or PasswordForm(formdata=None),
        "name_form": name_form,
        "replaced": replaced,
        "links": handovers.of_credential(held.row),
        "at": now(),
    }
    return htmx.page("vault/show.html", "token", status, **_context(account), **context)


def _secret_page(template: str, account: Account, held: Held, key: SecretStr) -> Response:
    response = htmx.page(template, **_context(account), held=held, key=key.get_secret_value())
    response.headers["Cache-Control"] = "no-store"
    return response


def _form_page(
    template: str, account: Account, form: TokenForm, status: int = 200, held: Held | None = None
) -> ResponseReturnValue:
    form.prepare()
    return htmx.page(template, "form", status, **_context(account), form=form, held=held)


def _typed_page(
    template: str, account: Account, held: Held, form: TypedForm | None = None, status: int = 200
) -> ResponseReturnValue:
    form = form or TypedForm()
    form.expect(held.label)
    return htmx.page(template, "form", status, **_context(account), form=form, held=held)


def _address(account: Account, held: Held) -> str:
    return url_for("vault.show", account_id=account.id, credential_id=held.id)


def _held_or_404(account: Account, credential_id: UUID) -> Held:
    found = holdings.known(account).find(credential_id)
    if found is None:
        abort(404)
    return found


def _token_or_404(account: Account, credential_id: UUID) -> Held:
    held = _held_or_404(account, credential_id)
    if held.row.kind != CredentialKind.ACCESS_TOKEN:
        abort(404)
    return held


def _live_or_404(account: Account, credential_id: UUID) -> Held:
    held = _token_or_404(account, credential_id)
    if not held.is_live:
        abort(404)
    return held


def _gateway_key_or_404(account: Account, credential_id: UUID) -> Held:
    held = _held_or_404(account, credential_id)
    if held.row.kind != CredentialKind.GATEWAY_KEY:
        abort(404)
    return held
