"""Whether this process can serve: the database answers and has the tables of this version."""

from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.db.migrate import newest_revision
from portal.extensions import db


def problem() -> str | None:
    """Why this process cannot serve, for operators; none when it can."""
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError:
        return "the database isn't responding"
    return None if current == newest_revision() else "run `portal db upgrade`"
