"""The pages for a person: the control page at ``/`` and the mailbox at ``/mailbox``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import Markup, escape

from portal.sandbox import faults
from portal.sandbox.api import gateway_errors
from portal.sandbox.control.guard import only_from_here
from portal.sandbox.core import current_core
from portal.sandbox.mail import links_in
from portal.sandbox.pages import dialog
from portal.sandbox.state import State

_SHOWN = 20

blueprint = Blueprint("pages", __name__)
blueprint.before_request(only_from_here)


@blueprint.get("/")
def show_control() -> Response:
    core = current_core()
    with core.reading() as state:
        newest_first, wanted = list(state.accounts.values())[::-1], request.args.get("account", "")
        return render(
            "control",
            state,
            now=core.now(),
            accounts=sorted(newest_first, key=lambda account: (account.uuid != wanted, account.foreign)),
            deliveries=state.deliveries[: -_SHOWN - 1 : -1],
            faults=core.faults.rows(),
            kinds=faults.KINDS,
            codes=sorted(gateway_errors.CODES),
            outcomes=sorted(dialog.OUTCOMES),
            calls=core.log.rows()[: -_SHOWN - 1 : -1],
        )


@blueprint.get("/mailbox")
def show_mailbox() -> Response:
    with current_core().reading() as state:
        return render("mailbox", state, mails=state.mails[::-1])


def render(name: str, state: State, status: int = 200, **context: Any) -> Response:
    """A page of the sandbox, which no cache keeps."""
    page = render_template(f"{name}.html", here=name, core=current_core(), state=state, **context)
    return make_response(page, status, {"Cache-Control": "no-store"})


@blueprint.app_template_filter()
def moment(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%d %b %H:%M:%S UTC")


@blueprint.app_template_filter()
def with_links(text: str) -> Markup:
    """Plain text with its web addresses as links; everything else stays text."""
    links = sorted(links_in(text), key=len, reverse=True)
    if not links:
        return escape(text)
    pieces = re.split("(" + "|".join(map(re.escape, links)) + ")", text)
    return Markup("").join(_link(piece) if piece in links else escape(piece) for piece in pieces)


def _link(url: str) -> Markup:
    return Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(url)  # format() escapes
