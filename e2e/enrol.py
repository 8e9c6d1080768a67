"""Give somebody an authenticator app whose secret the tests know: `python -m e2e.enrol EMAIL SECRET`."""

import sys

import pyotp
from pydantic import SecretStr

from portal import create_app
from portal.identity import second_factor
from portal.identity.authentication import find_person


def main(email: str, secret: str) -> None:
    """Do what the pages for setting an app up do."""
    with create_app().app_context():
        person = find_person(email)
        assert person is not None
        begun = second_factor.begin(person, SecretStr(secret))
        second_factor.confirm(person, begun.id, pyotp.TOTP(secret).now())


if __name__ == "__main__":
    main(*sys.argv[1:])
