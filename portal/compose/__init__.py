"""Writing WhatsApp messages, sending each once, and the log of what became of them."""

from flask import Blueprint

blueprint = Blueprint("compose", __name__)
