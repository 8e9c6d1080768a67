"""Alembic, told where the migrations lie and which database to use."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def is_described(name: str | None, kind: str = "table", _parents: object = None) -> bool:
    """Whether the models describe a table. A search index they cannot: each database has its own kind."""
    return kind != "table" or not (name or "").startswith(("delivery_search", "account_search"))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade(engine: sa.Engine) -> None:
    """Bring the database to the newest revision."""
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Take the database back to a revision."""
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


@cache
def newest_revision() -> str | None:
    """The revision that this version of the portal needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()
