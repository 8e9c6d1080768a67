"""Make a database for stacks to start from: `python -m e2e.running.prepare`, with the environment of a stack.

It holds the tables, and somebody of the staff uses an authenticator app.
"""

from e2e.running.served import app, authenticator
from e2e.running.stack import STAFF_EMAIL, STAFF_PASSWORD, STAFF_SECRET
from portal.audit import chain
from portal.db import migrate
from portal.db.engine import writing
from portal.extensions import db
from portal.models import StaffRole
from portal.staff.people import staff_members


def main() -> None:
    with app.app_context():
        migrate.upgrade(db.engine)
        chain.seal()
    with app.test_request_context(), writing():
        staff_members.create(STAFF_EMAIL, STAFF_PASSWORD, StaffRole.ADMIN, first_name="Sam", last_name="Staff")
        authenticator(STAFF_EMAIL, STAFF_SECRET)


if __name__ == "__main__":
    main()
