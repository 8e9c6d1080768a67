"""The form of somebody new who was invited."""

from portal.auth import fields
from portal.forms import Form


class JoinForm(Form):
    """Name and password of a new login; the address is the one that was invited."""

    first_name = fields.first_name()
    last_name = fields.last_name()
    password = fields.new_password()
