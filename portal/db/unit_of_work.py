"""Where a unit of work begins: the one place that says how services write to the database.

* Whatever writes outside a request, or in a request that only reads (a GET), does so inside `unit_of_work()`; so
  does a service in a POST that must decide by rows as they are now. What the session had read or left undone
  before is dropped, so nothing is decided by rows that somebody else has changed since; every transaction that
  begins inside takes SQLite's write lock at once, instead of failing when it comes to write.
* It commits itself, as often as it needs to: an intent before a call to Connexease, the result after it. What was
  not committed when an exception leaves the unit is rolled back.
* Units do not nest: the inner one would drop what the outer one has not committed. That is refused.
* A request that may write (a POST) begins as a writer by itself, see `portal.db.engine.init_app`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlmodel import Session

from portal.db.engine import writing
from portal.extensions import session

_open: ContextVar[bool] = ContextVar("unit_of_work", default=False)


class NestedUnitOfWorkError(RuntimeError):
    """A unit of work was begun inside another one."""


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """Begin with nothing read and nothing pending, and write.

    Raises:
        NestedUnitOfWorkError: one is open already.
    """
    if _open.get():
        raise NestedUnitOfWorkError("a unit of work is open already")
    token = _open.set(True)
    try:
        session().rollback()
        with writing():
            yield session()
    except BaseException:
        session().rollback()
        raise
    finally:
        _open.reset(token)
