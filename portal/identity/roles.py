"""The roles in words: what each is called, and what whoever has it may do."""

from flask import Flask

from portal.i18n import _l
from portal.models import Role, StaffRole

AnyRole = Role | StaffRole

NAMES: dict[AnyRole, str] = {
    Role.OWNER: _l("Owner"),
    Role.DEVELOPER: _l("Developer"),
    Role.OPERATOR: _l("Operator"),
    Role.MEMBER: _l("Member"),
    StaffRole.ADMIN: _l("Admin"),
    StaffRole.SUPPORT: _l("Support"),
    StaffRole.READ_ONLY: _l("Read-only"),
}
MEANINGS: dict[AnyRole, str] = {
    Role.OWNER: _l("manages everything, including team members"),
    Role.DEVELOPER: _l("manages webhooks, events and keys"),
    Role.OPERATOR: _l("manages messages and channels only"),
    Role.MEMBER: _l("can only view"),
    StaffRole.ADMIN: _l("manages everything, including the staff"),
    StaffRole.SUPPORT: _l("helps customers, but can't see keys or send or read messages"),
    StaffRole.READ_ONLY: _l("can only view"),
}


def init_app(app: Flask) -> None:
    """Hand the words to the templates."""
    app.jinja_env.filters.update(role_name=name, role_meaning=meaning)


def choices(roles: type[Role] | type[StaffRole]) -> list[tuple[str, str]]:
    """The roles for a form's field: each with what it means."""
    return [(role.value, f"{NAMES[role]}: {MEANINGS[role]}") for role in roles]


def name(role: str) -> str:
    """What a role is called; the word itself where it is none that we know any more."""
    return str(_NAMES.get(role, role))


def meaning(role: str) -> str:
    """What whoever has a role may do."""
    return str(_MEANINGS.get(role, ""))


_NAMES = {role.value: word for role, word in NAMES.items()}
_MEANINGS = {role.value: words for role, words in MEANINGS.items()}
