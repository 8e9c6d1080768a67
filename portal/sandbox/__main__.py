"""``python -m portal.sandbox``: a Connexease of one's own in the foreground."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from portal.sandbox.server import DEFAULT_TOKEN, Sandbox
from portal.sandbox.settings import Settings
from portal.sandbox.storage import UnreadableStateError


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m portal.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001, help="Reseller API, account API, gateway, mailbox")
    parser.add_argument("--dialog-port", type=int, default=8002, help="the onboarding dialog")
    parser.add_argument("--smtp-port", type=int, default=8025)
    parser.add_argument("--token", help="the reseller token; better in CONNEXEASE_RESELLER_TOKEN")
    parser.add_argument("--page-size", type=int, default=5)
    parser.add_argument("--state", help="a JSON file that remembers everything across restarts")
    parser.add_argument("--deliver-outside", action="store_true", help="let events leave this machine")
    return parser.parse_args()


def _sandbox(arguments: argparse.Namespace) -> Sandbox:
    token = arguments.token or os.environ.get("CONNEXEASE_RESELLER_TOKEN") or DEFAULT_TOKEN
    return Sandbox(
        host=arguments.host,
        api_port=arguments.port,
        dialog_port=arguments.dialog_port,
        smtp_port=arguments.smtp_port,
        reseller_token=token,
        state_path=arguments.state,
        settings=Settings(page_size=arguments.page_size, deliver_outside=arguments.deliver_outside),
    )


def main() -> int:
    """Serve until SIGINT or SIGTERM; exit code 1 with a sentence when it cannot start."""
    arguments = _arguments()
    # They are waited for, not handled: a handler that comes in the middle of waiting may wait for its own thread.
    ends = (signal.SIGINT, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        sandbox = _sandbox(arguments).start()
    except (OSError, UnreadableStateError) as error:
        print(f"The sandbox cannot start: {error}", file=sys.stderr)  # noqa: T201  # a command line
        return 1
    print(  # noqa: T201  # a command line
        f"Connexease sandbox: {sandbox.api_url} (control page, mailbox at /mailbox), "
        f"dialog {sandbox.dialog_url}, mail {sandbox.smtp_url}",
        flush=True,
    )
    signal.sigwait(ends)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ends)  # who asks again ends it at once
    sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
