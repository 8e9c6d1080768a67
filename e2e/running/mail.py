"""Reading the mail that the portal sent."""

from __future__ import annotations

import time

from e2e.running.stack import Stack
from tests.support.suite.patience import patient


def mail_to(stack: Stack, email: str, subject: str = "") -> dict[str, list[str]]:
    """The newest mail to this address, as soon as it is there."""
    deadline = time.monotonic() + patient(20)
    while not (mails := [m for m in stack.connexease.mails(email) if subject in m["subject"]]):
        assert time.monotonic() < deadline, f"no mail {subject!r} to {email}"
        time.sleep(0.05)
    return mails[0]


def link_mailed_to(stack: Stack, email: str, subject: str = "") -> str:
    """The link in the newest mail to this address."""
    return mail_to(stack, email, subject)["links"][0]
