"""Keys are planted, and then looked for wherever something could have kept one in clear."""

import sqlite3
from contextlib import closing
from pathlib import Path

from portal.models import Credential, HandOver
from tests.integration.vault.conftest import CREATE, Owner, key_on
from tests.integration.vault.test_hand_over import link
from tests.support.suite.log import Formatted, log  # noqa: F401 - a fixture

GATEWAY_KEY = "pk_planted0123456789abcdef012345678"


def journey(owner: Owner) -> tuple[dict[str, str], list[str]]:
    """All that is done with keys; what was planted, and the pages that must show none of it."""
    _row, token_key = owner.made()
    pages = [owner.add_gateway_key(GATEWAY_KEY), owner.add_gateway_key(GATEWAY_KEY, "Twice")]
    pages += [owner.add_gateway_key(GATEWAY_KEY, "")]
    row = owner.row("Order system")
    pages += [owner.browser.post(owner.address(row, page="/reveal"), {"password": "wrong-planted-password"})]
    assert key_on(owner.reveal(row)) == token_key
    address = link(owner)
    stranger = owner.portal.browser()
    seen = stranger.get(address)
    assert key_on(stranger.submit(seen, "Show key once")) == token_key
    owner.control.fault("status", "/templates/", status=500, times=None)
    pages += [owner.browser.follow(owner.browser.post(owner.address(row, page="/try")))]
    owner.control.fault("truncated", **CREATE)
    pages += [owner.browser.follow(owner.make("Lost"))]
    owner.work_on()
    pages += [
        owner.index(),
        owner.browser.get(owner.address(row)),
        owner.browser.open(f"/accounts/{owner.account_id}/"),
    ]
    planted = {
        "the token's key": token_key,
        "the gateway's key": GATEWAY_KEY,
        "the link": address.rpartition("/")[2],
        "the wrong password": "wrong-planted-password",
    }
    return planted, [page.response.get_data(as_text=True) for page in pages]


def error_pages(owner: Owner) -> list[str]:
    """The database breaks while a key is at hand."""
    row = owner.row("Order system")
    owner.portal.sql("ALTER TABLE audit_entry RENAME TO away")
    pages = [
        owner.reveal(row),
        owner.add_gateway_key("pk_another0123456789abcdef012345678"),
    ]
    owner.portal.sql("ALTER TABLE away RENAME TO audit_entry")
    assert [page.status for page in pages] == [500, 500]
    return [page.response.get_data(as_text=True) for page in pages]


def test_no_key_is_anywhere_in_clear(
    owner: Owner,
    log: Formatted,  # noqa: F811
    capfd,
    database_url: str,
    tmp_path: Path,
) -> None:
    planted, pages = journey(owner)
    planted["the key of a failed request"] = "pk_another0123456789abcdef012345678"
    pages += error_pages(owner)
    places = {
        "a page": "\n".join(pages).encode(),
        "the log": "\n".join(log.lines).encode(),
        "the output": "".join(capfd.readouterr()).encode(),
        "the database's files": stored(database_url),
        "a dump": dump(database_url),
        "a backup": backup(database_url, tmp_path / "backup.db"),
        "the process list": process_list(),
        "a representation": "".join(repr(owner.portal.rows(kind)) for kind in (Credential, HandOver)).encode(),
        "the mail": repr(owner.portal.mails("jane@acme.example.com")).encode(),
    }
    assert len(log.lines) > 100
    assert all(places[name] for name in ("a page", "a dump", "a backup", "the process list"))
    found = [
        (name, place) for place, text in places.items() for name, key in planted.items() if key.encode() in text
    ]
    assert found == []


def stored(url: str) -> bytes:
    file = Path(url.removeprefix("sqlite:///"))
    return b"".join(path.read_bytes() for path in file.parent.glob(file.name + "*") if path.is_file())


def dump(url: str) -> bytes:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
        return "\n".join(database.iterdump()).encode()


def backup(url: str, file: Path) -> bytes:
    with (
        closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database,
        closing(sqlite3.connect(file)) as copy,
    ):
        database.backup(copy)
    return file.read_bytes()


def process_list() -> bytes:
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(process.read_bytes())
        except OSError:  # it has ended meanwhile
            continue
    return b"\n".join(lines)
