"""What the pages of the vault share."""

from typing import Any
from uuid import UUID

from flask import Response, abort, url_for
from flask.typing import ResponseReturnValue
from pydantic import SecretStr

from portal.identity.forms import PasswordForm
from portal.models import Account, CredentialKind, now
from portal.vault import handovers, snapshot
from portal.vault.forms import KeyUseForm, NameForm, TokenForm, TypedForm
from portal.vault.snapshot import KnownCredential
from portal.web import access, htmx

ROOT = "/accounts/<uuid:account_id>/tokens/"
ONE = f"{ROOT}<uuid:credential_id>"


def context(account: Account) -> dict[str, Any]:
    """What every page of the vault shows or hides by."""
    return {"account": account, "may_manage": access.may_enter("vault.create")}


def show_page(
    account: Account,
    credential: KnownCredential,
    form: PasswordForm | None = None,
    status: int = 200,
    name_form: NameForm | None = None,
) -> ResponseReturnValue:
    """All about one token or key, but the key."""
    if name_form is None:
        name_form = NameForm(formdata=None, name=credential.row.name)
    replaced = snapshot.known(account).find(credential.row.replaces_id) if credential.row.replaces_id else None
    facts = {
        "credential": credential,
        "form": form or PasswordForm(formdata=None),
        "name_form": name_form,
        "use_form": KeyUseForm(formdata=None, is_trial=credential.row.is_trial),
        "replaced": replaced,
        "links": handovers.of_credential(credential.row),
        "at": now(),
    }
    return htmx.page("vault/show.html", "token", status, **context(account), **facts)


def secret_page(template: str, account: Account, credential: KnownCredential, key: SecretStr) -> Response:
    """A page with a key in it, which nobody may keep."""
    response = htmx.page(template, **context(account), credential=credential, key=key.get_secret_value())
    response.headers["Cache-Control"] = "no-store"
    return response


def form_page(
    template: str, account: Account, form: TokenForm, status: int = 200, credential: KnownCredential | None = None
) -> ResponseReturnValue:
    """A form that makes a token."""
    form.prepare()
    return htmx.page(template, "form", status, **context(account), form=form, credential=credential)


def typed_page(
    template: str, account: Account, credential: KnownCredential, form: TypedForm | None = None, status: int = 200
) -> ResponseReturnValue:
    """Before what cannot be undone: the name is typed."""
    form = form or TypedForm()
    form.expect(credential.label)
    return htmx.page(template, "form", status, **context(account), form=form, credential=credential)


def address(account: Account, credential: KnownCredential) -> str:
    """The page of a token or key."""
    return url_for("vault.show", account_id=account.id, credential_id=credential.id)


def credential_or_404(account: Account, credential_id: UUID) -> KnownCredential:
    """A token or key of the account."""
    found = snapshot.known(account).find(credential_id)
    if found is None:
        abort(404)
    return found


def token_or_404(account: Account, credential_id: UUID) -> KnownCredential:
    """An access token of the account."""
    return _of_kind_or_404(account, credential_id, CredentialKind.ACCESS_TOKEN)


def live_or_404(account: Account, credential_id: UUID) -> KnownCredential:
    """An access token that is good still."""
    credential = token_or_404(account, credential_id)
    if not credential.is_live:
        abort(404)
    return credential


def gateway_key_or_404(account: Account, credential_id: UUID) -> KnownCredential:
    """A gateway API key of the account."""
    return _of_kind_or_404(account, credential_id, CredentialKind.GATEWAY_KEY)


def _of_kind_or_404(account: Account, credential_id: UUID, kind: CredentialKind) -> KnownCredential:
    credential = credential_or_404(account, credential_id)
    if credential.row.kind != kind:
        abort(404)
    return credential
