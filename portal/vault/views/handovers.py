"""Handing a key over by a link: making and withdrawing it, and the page behind it."""

from uuid import UUID

from flask import abort, flash, make_response, request, url_for
from flask.typing import ResponseReturnValue

from portal.errors import DomainError
from portal.extensions import settings
from portal.i18n import _
from portal.identity.step_up import confirm
from portal.models import Account
from portal.vault import handovers, keys, snapshot
from portal.vault.blueprint import blueprint
from portal.vault.forms import HandOverForm
from portal.vault.snapshot import KnownCredential
from portal.vault.views.common import ONE
from portal.web import access, htmx, rate_limits
from portal.web.access import BUILDERS
from portal.web.forms import Form, text
from portal.web.rate_limits import Limit


@blueprint.get(f"{ONE}/hand-over")
@access.account_page(*BUILDERS)
def hand_over(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """For whom, and how long."""
    return _form_page(account, _kept_or_404(account, credential_id), HandOverForm())


@blueprint.post(f"{ONE}/hand-over")
@access.account_page(*BUILDERS)
def make_link(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Make the link. It is shown with this answer only; sending the form again makes no other."""
    credential, form = _kept_or_404(account, credential_id), HandOverForm()
    try:
        if form.validate():
            handovers.refuse_again(account, text(form.intent))  # before the password that it was sent with counts
            confirm(form)
            rate_limits.take_for_account(Limit.REVEALS, account.id)
            link, token = handovers.make(
                access.person_or_401(), account, credential.row, form.lasts(), text(form.note), text(form.intent)
            )
            path = url_for("vault.handed_over", token=token.get_secret_value())
            url = f"{settings().public_url}{path}"
            return htmx.page(
                "vault/handovers/link.html", account=account, credential=credential, link=link, url=url
            )
    except handovers.AlreadyMade as error:
        flash(error.message, "warning")
        return htmx.redirect(url_for("vault.show", account_id=account.id, credential_id=credential.id))
    except DomainError as error:
        form.show_refusal(error)
    return _form_page(account, credential, form, 422)


@blueprint.post(f"{ONE}/hand-over/<uuid:link_id>/withdraw")
@access.account_page(*BUILDERS)
def withdraw(account: Account, credential_id: UUID, link_id: UUID) -> ResponseReturnValue:
    """Let a link do nothing any more."""
    credential = snapshot.known(account).find(credential_id)
    if credential is None:
        abort(404)
    try:
        handovers.withdraw(access.person_or_401(), account, credential.row, link_id)
        flash(_("The link no longer works."))
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("vault.show", account_id=account.id, credential_id=credential.id))


@blueprint.get("/hand-over/<token>")
@access.public
def handed_over(token: str) -> ResponseReturnValue:
    """The page behind a link. Looking at it uses nothing up: previews of links do that too."""
    found = handovers.find(token)
    return (
        _private(htmx.page("vault/handovers/open.html", form=Form(), label=keys.label(found[1])))
        if found
        else _over()
    )


@blueprint.post("/hand-over/<token>")
@access.public
def open_link(token: str) -> ResponseReturnValue:
    """Show the key, once."""
    try:
        rate_limits.take_for_address(Limit.ADDRESS_POSTS)
    except rate_limits.TooManyTries:
        abort(429)
    opened = handovers.open_link(token, request.remote_addr or "", request.user_agent.string)
    if opened is None:
        return _over()
    row, key = opened
    page = htmx.page("vault/handovers/opened.html", label=keys.label(row), key=key.get_secret_value())
    return _private(page)


def _over() -> ResponseReturnValue:
    return _private(htmx.page("vault/handovers/link_over.html", status=410))


def _private(page: ResponseReturnValue) -> ResponseReturnValue:
    response = make_response(page)
    # The referrer policy stays as everywhere: over https the form's own address is part of the CSRF check.
    response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"})
    return response


def _form_page(
    account: Account, credential: KnownCredential, form: HandOverForm, status: int = 200
) -> ResponseReturnValue:
    form.prepare()
    return htmx.page(
        "vault/handovers/hand_over.html", None, status, account=account, credential=credential, form=form
    )


def _kept_or_404(account: Account, credential_id: UUID) -> KnownCredential:
    credential = snapshot.known(account).find(credential_id)
    if credential is None or not credential.is_kept or not credential.is_live:
        abort(404)
    return credential
