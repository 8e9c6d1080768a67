"""The forms of somebody new who was invited."""

from portal.identity import fields
from portal.web.forms import Form


class JoinForm(Form):
    """Name and password of a new login; the address is the one that was invited, the zone the account's."""

    first_name = fields.first_name()
    last_name = fields.last_name()
    password = fields.new_password()


class JoinStaffForm(JoinForm, fields.ZoneForm):
    """The same for somebody of the staff, whose pages belong to no account."""

    time_zone = fields.time_zone(**{"data-guess": "time-zone"})
