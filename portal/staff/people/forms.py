"""Forms for the reseller's own people."""

from wtforms import EmailField
from wtforms.validators import DataRequired, Length

from portal.i18n import _l
from portal.identity import roles
from portal.models import StaffRole
from portal.web.forms import Choice, Form


class StaffRoleForm(Form):
    """What somebody of the staff may do."""

    role = Choice(_l("Role"), choices=lambda: roles.choices(StaffRole), default=StaffRole.SUPPORT.value)


class InviteForm(StaffRoleForm):
    """Whom to invite, as what."""

    email = EmailField(
        _l("Email address"),
        [
            DataRequired(_l("Enter an email address, for example ada@example.com.")),
            Length(max=254, message=_l("This address is too long. Enter one with no more than 254 characters.")),
        ],
        render_kw={"autocomplete": "off"},
    )
