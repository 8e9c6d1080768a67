"""An account's access tokens: list, make, reveal, rotate, revoke."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import abort, flash, make_response, request, url_for
from flask.typing import ResponseReturnValue

from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.i18n import _
from portal.identity import browser_login
from portal.identity.forms import PasswordForm
from portal.identity.step_up import confirm
from portal.models import Account, CredentialStep
from portal.vault import issuing, key_check, keys, revoking, snapshot
from portal.vault.blueprint import blueprint
from portal.vault.forms import (
    NameForm,
    RotateForm,
    TokenForm,
    TypedForm,
)
from portal.vault.issuing import TokenRequest
from portal.vault.views import common
from portal.vault.views.common import ONE, ROOT
from portal.web import access, htmx, rate_limits
from portal.web.access import BUILDERS, LOOKERS
from portal.web.forms import text
from portal.web.rate_limits import Limit

POLLED_AT_MOST = timedelta(seconds=20)
"""How often a page that looks by itself has Connexease asked."""
SHOWN_FOR = 60
"""Seconds that a revealed key stays on the screen."""


@blueprint.get(ROOT)
@access.account_page(*LOOKERS, staff=True, set_up=True)
def index(account: Account) -> ResponseReturnValue:
    """What Connexease lists now, and what is in the vault."""
    is_poll = htmx.is_fragment_request()
    known = snapshot.current(account, at_most=POLLED_AT_MOST if is_poll else timedelta())
    context: dict[str, Any] = {
        "snapshot": known,
        "history": snapshot.history(account),
        "show_past": "past" in request.args,
    }
    return htmx.page("vault/index.html", "tokens", **common.context(account), **context)


@blueprint.get(f"{ROOT}new")
@access.account_page(*BUILDERS, set_up=True)
def new(account: Account) -> ResponseReturnValue:
    """An empty form."""
    return common.form_page("vault/tokens/new.html", account, TokenForm())


@blueprint.post(f"{ROOT}new")
@access.account_page(*BUILDERS, set_up=True)
def create(account: Account) -> ResponseReturnValue:
    """Make a token."""
    form = TokenForm()
    try:
        if form.validate():
            wanted = TokenRequest(text(form.name), keep=bool(form.keep.data))
            return _make(account, wanted, text(form.intent))
    except DomainError as error:
        form.show_refusal(error)
    return common.form_page("vault/tokens/new.html", account, form, 422)


@blueprint.get(f"{ONE}/key")
@access.account_page(*BUILDERS)
def first(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """The key of a token that was just made: shown once."""
    credential = common.credential_or_404(account, credential_id)
    if request.method == "HEAD":  # whoever only asks whether there is a page must not use it up
        return make_response("")
    with unit_of_work():
        key = keys.show_new(access.person_or_401(), credential.row)
    if key is None:
        return htmx.redirect(common.address(account, credential))
    return common.secret_page("vault/tokens/first.html", account, credential, key)


@blueprint.get(ONE)
@access.account_page(*LOOKERS, staff=True)
def show(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """All about one token or key, but the key."""
    return common.show_page(account, common.credential_or_404(account, credential_id))


@blueprint.post(f"{ONE}/reveal")
@access.account_page(*BUILDERS)
def reveal(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Let somebody who manages the account's keys see one, after they typed the password."""
    credential, form = common.credential_or_404(account, credential_id), PasswordForm()
    try:
        if form.validate():
            confirm(form)
            rate_limits.take_for_account(Limit.REVEALS, account.id)
            browser_login.grant(credential.id)
            return htmx.redirect(url_for("vault.revealed", account_id=account.id, credential_id=credential.id))
    except DomainError as error:
        form.show_refusal(error)
    return common.show_page(account, credential, form, 422)


@blueprint.get(f"{ONE}/reveal")
@access.account_page(*BUILDERS)
def revealed(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """The key, for a minute; only right after the password, and not again by "back" or "reload"."""
    credential = common.credential_or_404(account, credential_id)
    if request.method == "HEAD":
        return make_response("")
    if not browser_login.use_grant(credential.id):
        return htmx.redirect(common.address(account, credential))
    try:
        with unit_of_work():
            key = keys.reveal(access.person_or_401(), account, credential.row)
    except keys.NoKey as error:
        flash(error.message, "danger")
        return htmx.redirect(common.address(account, credential))
    page = common.secret_page("vault/tokens/revealed.html", account, credential, key)
    page.headers["Refresh"] = f"{SHOWN_FOR}; url={common.address(account, credential)}"
    return page


@blueprint.post(f"{ONE}/copied")
@access.account_page(*BUILDERS)
def copied(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """The page says that its copy button was pressed."""
    credential = common.credential_or_404(account, credential_id)
    try:
        rate_limits.take_for_account(Limit.REVEALS, account.id)
    except rate_limits.TooManyTries:
        abort(429)
    keys.note_copied(access.person_or_401(), account, credential.row)
    return "", 204


@blueprint.post(f"{ONE}/try")
@access.account_page(*BUILDERS)
def try_out(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Ask Connexease something with the key."""
    credential = common.credential_or_404(account, credential_id)
    try:
        rate_limits.take_for_account(Limit.REVEALS, account.id)
        flash(key_check.try_out(access.person_or_401(), account, credential.row))
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(common.address(account, credential))


@blueprint.post(f"{ONE}/rename")
@access.account_page(*BUILDERS)
def rename(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Give it another name."""
    credential, form = common.credential_or_404(account, credential_id), NameForm()
    if form.validate():
        issuing.rename(access.person_or_401(), account, credential.row, text(form.name))
        return htmx.redirect(common.address(account, credential))
    return common.show_page(account, credential, status=422, name_form=form)


@blueprint.get(f"{ONE}/rotate")
@access.account_page(*BUILDERS)
def rotation(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """What rotating does, and when the old token ends."""
    credential = common.live_or_404(account, credential_id)
    form = RotateForm()
    form.replace(credential.row.name, credential.row.is_ours)
    return common.form_page("vault/tokens/rotate.html", account, form, credential=credential)


@blueprint.post(f"{ONE}/rotate")
@access.account_page(*BUILDERS)
def rotate(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Make a token that takes another one's place; both are good for a while."""
    credential, form = common.live_or_404(account, credential_id), RotateForm()
    form.replace(credential.row.name, credential.row.is_ours)
    try:
        if form.validate():
            wanted = TokenRequest(
                text(form.name), bool(form.keep.data), replaces=credential.row, revoke_at=form.revoke_at()
            )
            return _make(account, wanted, text(form.intent))
    except DomainError as error:
        form.show_refusal(error)
    return common.form_page("vault/tokens/rotate.html", account, form, 422, credential=credential)


@blueprint.get(f"{ONE}/revoke")
@access.account_page(*BUILDERS)
def revocation(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """What revoking does."""
    return common.typed_page("vault/tokens/revoke.html", account, common.token_or_404(account, credential_id))


@blueprint.post(f"{ONE}/revoke")
@access.account_page(*BUILDERS)
def revoke(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Revoke a token for good."""
    credential, form = common.token_or_404(account, credential_id), TypedForm()
    form.expect(credential.label)
    try:
        if form.validate():
            revoking.revoke(access.person_or_401(), account, credential.row)
            if credential.row.step == CredentialStep.REVOKING:
                flash(
                    _("%(Vendor)s hasn't confirmed it yet. We'll keep trying, and show the result in the list."),
                    "warning",
                )
            else:
                flash(_("Token “%(name)s” is revoked.", name=credential.label))
            return htmx.redirect(url_for("vault.index", account_id=account.id))
    except DomainError as error:
        form.show_refusal(error)
    return common.typed_page("vault/tokens/revoke.html", account, credential, form, 422)


@blueprint.post(f"{ONE}/dismiss")
@access.account_page(*BUILDERS)
def dismiss(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Take away what told of a lost token."""
    try:
        issuing.dismiss(access.person_or_401(), account, common.credential_or_404(account, credential_id).row)
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("vault.index", account_id=account.id))


def _make(account: Account, wanted: TokenRequest, intent: str) -> ResponseReturnValue:
    rate_limits.take_for_account(Limit.NEW_TOKENS, account.id)
    row = issuing.create(access.person_or_401(), account, wanted, intent)
    address = "vault.first" if row.step == CredentialStep.LISTED else "vault.show"
    return htmx.redirect(url_for(address, account_id=account.id, credential_id=row.id))
