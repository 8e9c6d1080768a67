"""Gateway API keys, which are made in the gateway's dashboard and pasted here."""

from uuid import UUID

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from pydantic import SecretStr

from portal.errors import DomainError
from portal.i18n import _
from portal.models import Account
from portal.vault import gateway_keys
from portal.vault.blueprint import blueprint
from portal.vault.forms import GatewayKeyForm, KeyUseForm, PastedKeyForm, TypedForm
from portal.vault.views import common
from portal.vault.views.common import ONE, ROOT
from portal.web import access, htmx
from portal.web.access import BUILDERS
from portal.web.forms import text


@blueprint.get(f"{ROOT}gateway/new")
@access.account_page(*BUILDERS)
def new_gateway_key(account: Account) -> ResponseReturnValue:
    """Where a gateway API key is pasted."""
    return htmx.page(
        "vault/gateway_keys/gateway_key.html", **common.context(account), form=GatewayKeyForm(), credential=None
    )


@blueprint.post(f"{ROOT}gateway/new")
@access.account_page(*BUILDERS)
def add_gateway_key(account: Account) -> ResponseReturnValue:
    """Keep a gateway API key."""
    form = GatewayKeyForm()
    try:
        if form.validate():
            key = SecretStr(text(form.key))
            row = gateway_keys.add(
                access.person_or_401(), account, text(form.name), key, is_trial=bool(form.is_trial.data)
            )
            flash(_("API key “%(name)s” is in the vault.", name=row.name))
            return htmx.redirect(url_for("vault.index", account_id=account.id))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page(
        "vault/gateway_keys/gateway_key.html", "form", 422, **common.context(account), form=form, credential=None
    )


@blueprint.get(f"{ONE}/replace")
@access.account_page(*BUILDERS)
def replacement(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Where the new key of a gateway app is pasted."""
    credential = common.gateway_key_or_404(account, credential_id)
    return htmx.page(
        "vault/gateway_keys/gateway_key.html",
        **common.context(account),
        form=PastedKeyForm(),
        credential=credential,
    )


@blueprint.post(f"{ONE}/replace")
@access.account_page(*BUILDERS)
def replace(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Put a new key in the place of the old one."""
    credential, form = common.gateway_key_or_404(account, credential_id), PastedKeyForm()
    try:
        if form.validate():
            gateway_keys.replace(access.person_or_401(), account, credential.row, SecretStr(text(form.key)))
            flash(_("“%(name)s” now has the new key.", name=credential.label))
            return htmx.redirect(common.address(account, credential))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page(
        "vault/gateway_keys/gateway_key.html",
        "form",
        422,
        **common.context(account),
        form=form,
        credential=credential,
    )


@blueprint.post(f"{ONE}/use")
@access.account_page(*BUILDERS)
def say_use(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Note what a gateway key is for."""
    credential, form = common.gateway_key_or_404(account, credential_id), KeyUseForm()
    if form.validate():
        gateway_keys.say_use(access.person_or_401(), account, credential.row, is_trial=bool(form.is_trial.data))
    return htmx.redirect(common.address(account, credential))


@blueprint.get(f"{ONE}/remove")
@access.account_page(*BUILDERS)
def removal(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """What removing does."""
    return common.typed_page(
        "vault/gateway_keys/remove.html", account, common.gateway_key_or_404(account, credential_id)
    )


@blueprint.post(f"{ONE}/remove")
@access.account_page(*BUILDERS)
def remove(account: Account, credential_id: UUID) -> ResponseReturnValue:
    """Erase a gateway key from the vault."""
    credential, form = common.gateway_key_or_404(account, credential_id), TypedForm()
    form.expect(credential.label)
    if form.validate():
        gateway_keys.remove(access.person_or_401(), account, credential.row)
        flash(_("“%(name)s” is removed from the vault.", name=credential.label))
        return htmx.redirect(url_for("vault.index", account_id=account.id))
    return common.typed_page("vault/gateway_keys/remove.html", account, credential, form, 422)
