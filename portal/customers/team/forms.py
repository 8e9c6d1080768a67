"""Forms of an account's settings."""

from wtforms import EmailField
from wtforms.validators import DataRequired, Length

from portal.i18n import _l
from portal.identity import roles
from portal.models import Role
from portal.web.forms import Choice, Form


class RoleForm(Form):
    """What somebody may do in the account."""

    role = Choice(_l("Role"), choices=lambda: roles.choices(Role), default=Role.MEMBER.value)


class InviteForm(RoleForm):
    """Whom to invite, as what."""

    email = EmailField(
        _l("Email address"),
        [DataRequired(_l("Enter an email address.")), Length(max=254, message=_l("This is too long."))],
        render_kw={"autocomplete": "off"},
    )
