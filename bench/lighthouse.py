"""What Lighthouse says of the pages, on a desktop and on a phone: 100 four times is what is wanted.

    python -m bench.lighthouse [--pages overview ...]

Where npm and a Chromium are installed; Lighthouse is fetched once, into the cache. The CDN of htmx cannot be
counted on here, so the same bytes, held to the same hash, come from a second local origin, compressed as the CDN
does it. One Lighthouse and one Chromium look at all pages (`bench/support/lighthouse.mjs`), with the settings of
Lighthouse's command line. A page that gets less than 100 is looked at a second time, and the better of the two
counts: other work on the machine makes a page slow, but never quick.
"""

import argparse
import gzip
import http.server
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench import pages
from bench.support.processes import make_environment, serving
from bench.support.table import Row, note
from portal import create_app
from portal.db import migrate
from portal.extensions import db, session
from portal.models import Membership, Role, StaffRole
from portal.settings import HTMX_CDN_INTEGRITY, load_settings

VERSION = "12.8.2"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "reseller-portal"
SCRIPT = Path(__file__).parent / "support" / "lighthouse.mjs"
HTMX = CACHE / "htmx-4.0.1.min.js"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FORMS = ("desktop", "phone")
BROWSERS = ("chromium", "chromium-headless-shell", "google-chrome")


class Page(NamedTuple):
    """A page, and what is sent to be let in."""

    name: str
    path: str
    cookie: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What a browser sends beside the usual."""
        return {"Cookie": self.cookie} if self.cookie else {}


Look = Callable[[str, str, dict[str, str]], Any]
"""What Lighthouse says of an address on a form, asked for with headers."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", nargs="+", help="only these")
    chosen = parser.parse_args(arguments)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or shutil.which("npm") is None or not HTMX.exists():
        note(Row("Lighthouse: not measured. npm, Chromium and htmx's bytes (`make setup`) are needed."))
        return
    program = _program()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as running:
        htmx = running.enter_context(_htmx())
        environment = _environment(Path(folder), htmx)
        every = _pages()
        url = running.enter_context(serving(environment, "wsgi:app")).url
        look = running.enter_context(_lighthouse(program, browser))
        print(f"htmx comes from {htmx}, which stands in for the CDN")
        for page in every:
            if chosen.pages and page.name not in chosen.pages:
                continue
            _visit(url, page)
            for form in FORMS:
                _tell(page, form, _looked_at(look, url, page, form))


def _tell(page: Page, form: str, report: Any) -> None:
    scores = {name: round(report["categories"][name]["score"] * 100) for name in CATEGORIES}
    told = "/".join(str(score) for score in scores.values())
    note(Row(f"Lighthouse: {page.name}, {form}", told, "100 each", min(scores.values()) / 100, at_least=1))
    speed = report["environment"]["benchmarkIndex"]
    print(f"{page.name:<14} {form:<8} {told}   speed of this machine: {speed:.0f}", flush=True)
    for name in CATEGORIES:
        for each in report["categories"][name]["auditRefs"]:
            audit = report["audits"][each["id"]]
            if each["weight"] and audit["score"] is not None and audit["score"] < 1 and scores[name] < 100:
                print(f"    {name}: {audit['title']} {audit.get('displayValue', '')}", flush=True)
                for item in (audit.get("details") or {}).get("items", [])[:3]:
                    print(f"        {(item.get('node') or {}).get('snippet', '')}", flush=True)


def _visit(url: str, page: Page) -> None:
    """The first time in a process takes longer."""
    request = urllib.request.Request(url + page.path, headers=page.headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.url == url + page.path, answer.url


def _looked_at(look: Look, url: str, page: Page, form: str) -> Any:
    found = []
    for _ in range(2):
        found.append(look(url + page.path, form, page.headers))
        if _sum(found[-1]) == len(CATEGORIES):
            break
    return max(found, key=_sum)


def _sum(report: Any) -> float:
    return sum(float(report["categories"][name]["score"]) for name in CATEGORIES)


def _program() -> Path:
    """The folder that Lighthouse is installed in."""
    folder = CACHE / f"lighthouse-{VERSION}"
    if not (folder / "node_modules" / "lighthouse").exists():
        folder.mkdir(parents=True, exist_ok=True)
        fetch = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", ".", f"lighthouse@{VERSION}"]
        subprocess.run(fetch, cwd=folder, check=True, stdout=sys.stderr)
    return folder


@contextmanager
def _lighthouse(program: Path, browser: str) -> Iterator[Look]:
    """Lighthouse, which is asked for one page after the other."""
    command = ["node", str(SCRIPT), str(program), browser]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        asked, told = process.stdin, process.stdout
        assert asked
        assert told

        def look(url: str, form: str, headers: dict[str, str]) -> Any:
            flags = {"onlyCategories": CATEGORIES, "disableFullPageScreenshot": True, "extraHeaders": headers}
            print(json.dumps({"url": url, "form": form, "flags": flags}), file=asked, flush=True)
            if not (report := told.readline()):
                raise SystemExit("Lighthouse ended before it had looked at the page.")
            return json.loads(report)

        yield look


def _environment(folder: Path, htmx: str) -> dict[str, str]:
    """As in production, where files are compressed ahead."""
    make_environment(f"sqlite:///{folder / 'portal.db'}")
    production = {
        "PORTAL_ENV": "production",
        "PUBLIC_URL": "https://portal.example.com",
        "MAIL_URL": "smtps://mail.example.com",
        "CONNEXEASE_RESELLER_TOKEN": "a token that nobody asks for here",
        "HTMX_URL": htmx,
        "HTMX_INTEGRITY": HTMX_CDN_INTEGRITY,
    }
    os.environ.update(production)
    return dict(os.environ)


def _pages() -> list[Page]:
    """Those that are looked at; the accounts of some have a page of rows."""
    app = create_app(load_settings())
    with app.app_context():
        logging.disable(logging.INFO)
        migrate.upgrade(db.engine)
        account = pages.fill(pages.ROWS)
        owner = pages.person("ada@example.com", None)
        session().add(Membership(person_id=owner.id, account_id=account.id, role=Role.OWNER))
        session().commit()
        own, place = pages.cookie(app, owner), f"/accounts/{account.id}"
        staff = pages.cookie(app, pages.person("staff@example.com", StaffRole.ADMIN))
        db.engine.dispose()
    return [
        Page("front page", "/"),
        Page("sign-up", "/signup"),
        Page("log-in", "/login"),
        Page("overview", f"{place}/", own),
        Page("event log", f"{place}/events/", own),
        Page("composer", f"{place}/messages/new", own),
        Page("staff list", "/staff/accounts/", staff),
    ]


@contextmanager
def _htmx() -> Iterator[str]:
    """The address of htmx's own bytes at a second origin."""
    body = gzip.compress(HTMX.read_bytes(), mtime=0)

    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in (
                ("Content-Type", "application/javascript; charset=utf-8"),
                ("Content-Encoding", "gzip"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "public, max-age=31536000, immutable"),
                ("Access-Control-Allow-Origin", "*"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/htmx.min.js"
        server.shutdown()


if __name__ == "__main__":
    main()
