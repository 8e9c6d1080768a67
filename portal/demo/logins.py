"""Who can log in to the demo: the people of its story whom a newcomer may want to be."""

from dataclasses import dataclass

PASSWORD = "teapot-harbour"
"""Of everybody: easy to type, and good only for a demo, which listens on loopback alone."""


@dataclass(frozen=True)
class Login:
    """Somebody to log in as. `has_code`: the page /phone shows the code that logging in asks for."""

    who: str
    email: str
    purpose: str
    has_code: bool = False

    @property
    def names(self) -> tuple[str, str]:
        """First and last name."""
        first, _space, last = self.who.partition(" ")
        return first, last


ADMIN = Login("Deniz Aksoy", "admin@example.com", "Staff: admin", has_code=True)
SUPPORT = Login("Elif Kara", "support@example.com", "Staff: support", has_code=True)
AUDITOR = Login("Jonas Weber", "auditor@example.com", "Staff: read-only", has_code=True)
AYSE = Login("Ayşe Yıldız", "ayse@lale.example.com", "A busy shop: owner")
MERT = Login("Mert Demir", "mert@lale.example.com", "  its developer", has_code=True)
ZEYNEP = Login("Zeynep Çelik", "zeynep@lale.example.com", "  its operator")
CAN = Login("Can Öztürk", "can@lale.example.com", "  a member, who can only look")
SELIN = Login("Selin Arslan", "selin@bosphorus.example.com", "A clinic in trouble: owner")
OLIVER = Login("Oliver Hart", "oliver@alacati.example.com", "A newcomer, not set up yet")

STAFF = (ADMIN, SUPPORT, AUDITOR)
CUSTOMERS = (AYSE, MERT, ZEYNEP, CAN, SELIN, OLIVER)


def table(people: tuple[Login, ...] = (*CUSTOMERS, *STAFF)) -> list[str]:
    """The logins as lines that 80 columns hold."""
    rows = [
        ("For", "Email", "Password"),
        *[(each.purpose, each.email, PASSWORD + (" + code" if each.has_code else "")) for each in people],
    ]
    return [f"{purpose:<27} {email:<28} {password}" for purpose, email, password in rows]
