"""The least that a page of 50 rows must do: Flask, `sqlite3` and a template of its own."""

import sqlite3
from functools import cache

from flask import Flask, render_template_string, request
from flask.testing import FlaskClient

ROWS = 50
_PAGE = """<!doctype html><title>Rows</title><table>
{% for number, name, state in rows %}<tr><td>{{ number }}<td>{{ name }}<td>{{ state }}{{ filling }}</tr>
{% endfor %}</table>"""


def get(size: int) -> None:
    """Ask for a page of so many bytes."""
    _client().get(f"/?filling={max(0, size // ROWS - 60)}")


@cache
def _client() -> FlaskClient:
    app = Flask("bare")
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE row (number INTEGER PRIMARY KEY, name TEXT, state TEXT)")
    database.executemany("INSERT INTO row VALUES (?, ?, ?)", [(n, f"row {n}", "kept") for n in range(1000)])

    @app.get("/")
    def rows() -> str:
        found = database.execute("SELECT * FROM row ORDER BY number DESC LIMIT ?", (ROWS,)).fetchall()
        return render_template_string(_PAGE, rows=found, filling="x" * int(request.args["filling"]))

    return app.test_client()
