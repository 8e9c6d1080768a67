"""The blueprint that the pages of this room are registered on."""

from flask import Blueprint

blueprint = Blueprint("campaigns", __name__)
