"""Tries out whether an access token works."""

from portal.connexease import errors as cx
from portal.errors import DomainError
from portal.extensions import connexease, session
from portal.i18n import _, _n, translated
from portal.models import Account, Credential, CredentialKind, Person
from portal.vault import keys


def try_out(person: Person, account: Account, row: Credential) -> str:
    """Read the account's templates with an access token, and say in a sentence how that went.

    A gateway key is good for nothing but sending, so only a message tries it out.

    Raises:
        DomainError: the key does not work, is not kept here, or nobody knows.
    """
    if row.kind != CredentialKind.ACCESS_TOKEN:
        raise DomainError(_("To test an API key, send a message with it."))
    key = keys.kept_key(row)
    session().commit()
    try:
        found = connexease().account.templates(key)
    except cx.Unauthorized:
        raise DomainError(_("%(Vendor)s doesn't accept this key. Rotate the token.")) from None
    except cx.ConnexeaseError as error:
        reason = translated(error.message)
        reason = reason % error.values if error.values else reason
        raise DomainError(_("We couldn't find out whether the key works: %(reason)s", reason=reason)) from None
    finally:
        keys.note_used(account, row, "test", person)
    return _n(
        "The key works. %(Vendor)s listed %(num)d template with it.",
        "The key works. %(Vendor)s listed %(num)d templates with it.",
        len(found),
    )
