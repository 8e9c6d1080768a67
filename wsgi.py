"""What a WSGI server serves: `gunicorn wsgi:app`."""

import sys

from portal import create_app
from portal.settings import SettingsError
from portal.warm_up import warm_up

try:
    app = create_app()
    warm_up(app)
except SettingsError as error:
    # The sentences say what to mend; a trace would hide them. gunicorn starts no other worker after a 3.
    print(error, file=sys.stderr)  # noqa: T201
    sys.exit(3)
