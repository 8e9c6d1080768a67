"""What the pages of the vault share."""

from typing import Any
from uuid import UUID

from flask import Response, abort, url_for
from flask.typing import ResponseReturnValue
from pydantic import SecretStr

from portal.identity.forms import PasswordForm
from portal.models import Account, CredentialKind, now
from portal.vault import handovers, snapshot
from portal.vault.forms import NameForm, TokenForm, TypedForm
from portal.vault.snapshot import Held
from portal.web import access, htmx

ROOT = "/accounts/<uuid:account_id>/tokens/"
ONE = f"{ROOT}<uuid:credential_id>"


def context(account: Account) -> dict[str, Any]:
    """What every page of the vault shows or hides by."""
    return {"account": account, "may_manage": access.may_enter("vault.create")}


def show_page(
    account: Account,
    held: Held,
    form: PasswordForm | None = None,
    status: int = 200,
    name_form: NameForm | None = None,
) -> ResponseReturnValue:
    """All about one token or key, but the key."""
    if name_form is None:
        name_form = NameForm(formdata=None, name=held.row.name)
    replaced = snapshot.known(account).find(held.row.replaces_id) if held.row.replaces_id else None
    facts = {
        "held": held,
        "form": form or PasswordForm(formdata=None),
        "name_form": name_form,
        "replaced": replaced,
        "links": handovers.of_credential(held.row),
        "at": now(),
    }
    return htmx.page("vault/show.html", "token", status, **context(account), **facts)


def secret_page(template: str, account: Account, held: Held, key: SecretStr) -> Response:
    """A page with a key in it, which nobody may keep."""
    response = htmx.page(template, **context(account), held=held, key=key.get_secret_value())
    response.headers["Cache-Control"] = "no-store"
    return response


def form_page(
    template: str, account: Account, form: TokenForm, status: int = 200, held: Held | None = None
) -> ResponseReturnValue:
    """A form that makes a token."""
    form.prepare()
    return htmx.page(template, "form", status, **context(account), form=form, held=held)


def typed_page(
    template: str, account: Account, held: Held, form: TypedForm | None = None, status: int = 200
) -> ResponseReturnValue:
    """Before what cannot be undone: the name is typed."""
    form = form or TypedForm()
    form.expect(held.label)
    return htmx.page(template, "form", status, **context(account), form=form, held=held)


def address(account: Account, held: Held) -> str:
    """The page of a token or key."""
    return url_for("vault.show", account_id=account.id, credential_id=held.id)


def held_or_404(account: Account, credential_id: UUID) -> Held:
    """A token or key of the account."""
    found = snapshot.known(account).find(credential_id)
    if found is None:
        abort(404)
    return found


def token_or_404(account: Account, credential_id: UUID) -> Held:
    """An access token of the account."""
    return _of_kind_or_404(account, credential_id, CredentialKind.ACCESS_TOKEN)


def live_or_404(account: Account, credential_id: UUID) -> Held:
    """An access token that is good still."""
    held = token_or_404(account, credential_id)
    if not held.is_live:
        abort(404)
    return held


def gateway_key_or_404(account: Account, credential_id: UUID) -> Held:
    """A gateway API key of the account."""
    return _of_kind_or_404(account, credential_id, CredentialKind.GATEWAY_KEY)


def _of_kind_or_404(account: Account, credential_id: UUID, kind: CredentialKind) -> Held:
    held = held_or_404(account, credential_id)
    if held.row.kind != kind:
        abort(404)
    return held
