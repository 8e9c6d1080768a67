"""Tries out whether an access token works."""

from portal.connexease import errors as cx
from portal.errors import DomainError
from portal.extensions import connexease, session
from portal.i18n import _
from portal.models import Account, Credential, CredentialKind, Person
from portal.vault import keys


def try_out(person: Person, account: Account, row: Credential) -> str:
    """Read the account's templates with an access token, and say in a sentence how that went.

    A gateway key is good for nothing but sending, so only a message tries it out.

    Raises:
        DomainError: the key does not work, is not kept here, or nobody knows.
    """
    if row.kind != CredentialKind.ACCESS_TOKEN:
        raise DomainError(_("A gateway key is tried out by sending a message."))
    key = keys.kept_key(row)
    session().commit()
    try:
        found = connexease().account.templates(key)
    except cx.Unauthorized:
        raise DomainError(_("Connexease does not accept this key.")) from None
    except cx.ConnexeaseError as error:
        reason = _(error.template)
        reason = reason % error.values if error.values else reason
        raise DomainError(_("Whether the key works is not known: %(reason)s", reason=reason)) from None
    finally:
        keys.note_used(account, row, "test", person)
    return _("The key works: Connexease showed %(count)d templates with it.", count=len(found))
