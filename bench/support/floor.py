"""The least that a peer must do, to be held against the portal: one-file Flask applications.

    gunicorn bench.support.floor:receiver

`receiver` inserts each body with `sqlite3`, with the portal's own durability; `FLOOR_DATABASE` names its file.
`receiver_postgresql` does it with `psycopg`, a connection for each thread; there `FLOOR_DATABASE` is an address.
"""

import os
import sqlite3
import threading

import psycopg
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


def _postgresql() -> psycopg.Connection:
    if not hasattr(_ours, "postgresql"):
        _ours.postgresql = psycopg.connect(os.environ["FLOOR_DATABASE"], autocommit=True)
    connection: psycopg.Connection = _ours.postgresql
    return connection


receiver, receiver_postgresql = Flask("receiver"), Flask("receiver_postgresql")
hello = Flask("hello")


@receiver.post("/")
def take_in() -> dict[str, str]:
    """Keep the body."""
    _database().execute("INSERT INTO event (body) VALUES (?)", (request.get_data(),))
    return {"status": "stored"}


@receiver_postgresql.post("/")
def take_in_with_postgresql() -> dict[str, str]:
    """Keep the body."""
    _postgresql().execute("INSERT INTO bench_floor (body) VALUES (%s)", (request.get_data(),))
    return {"status": "stored"}


@receiver.get("/healthz")
@receiver_postgresql.get("/healthz")
@hello.get("/healthz")
@hello.get("/")
def say_hello() -> str:
    """Say hello."""
    return "hello"
