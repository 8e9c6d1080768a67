"""The page of one account, which several views show."""

from flask.typing import ResponseReturnValue

from portal.customers.signup import takeovers
from portal.events import reading
from portal.models import MirroredAccount, StaffRole
from portal.staff.accounts import detail, export
from portal.staff.accounts.forms.filter import MESSAGE_WORDS
from portal.staff.accounts.forms.opening import InviteForm
from portal.web import access, htmx

HELPERS = (StaffRole.ADMIN, StaffRole.SUPPORT)


def show(row: MirroredAccount, form: InviteForm | None = None, status: int = 200) -> ResponseReturnValue:
    """Everything about the account; with a form that was refused, that form."""
    return htmx.page(
        "staff/accounts/account.html",
        "invitation" if form else None,
        status,
        detail=detail.of(row),
        state_of=export.state_of,
        message_words=MESSAGE_WORDS,
        line=reading.line_for_staff,
        may_help=access.person_or_401().staff_role in HELPERS,
        invitation=takeovers.open_for(row),
        form=form or InviteForm(email=row.contact_email),
    )
