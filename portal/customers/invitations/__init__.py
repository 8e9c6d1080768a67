"""Invitations: to an account by its owners, to the staff by its admins."""

from flask import Blueprint

blueprint = Blueprint("invitations", __name__)

import portal.customers.invitations.views  # noqa: E402, F401 - they register their views on the blueprint
