"""The least that a peer must do, to be held against the portal: one-file Flask applications.

    gunicorn bench._floor:receiver

`receiver` inserts each body with `sqlite3`, with the portal's own durability; `FLOOR_DATABASE` names its file.
"""

import os
import sqlite3
import threading

from flask import Flask, request

_ours = threading.local()


def _database() -> sqlite3.Connection:
    if not hasattr(_ours, "connection"):
        _ours.connection = sqlite3.connect(os.environ["FLOOR_DATABASE"], timeout=30, isolation_level=None)
        _ours.connection.execute("PRAGMA journal_mode=WAL")
        _ours.connection.execute("PRAGMA synchronous=FULL")
        _ours.connection.execute("CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, body BLOB)")
    connection: sqlite3.Connection = _ours.connection
    return connection


receiver = Flask("receiver")
hello = Flask("hello")


@receiver.post("/")
def take_in() -> dict[str, str]:
    """Keep the body."""
    _database().execute("INSERT INTO event (body) VALUES (?)", (request.get_data(),))
    return {"status": "stored"}


@receiver.get("/healthz")
@hello.get("/healthz")
@hello.get("/")
def say_hello() -> str:
    """Say hello."""
    return "hello"
