"""The settings as a list: in the terminal, as `docs/settings.md` and as `.env.example`.

What each means is the sentence below its field in `portal.settings`.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from portal.settings import HTMX_CDN_URL, Settings

WIDTH = 100


@dataclass(frozen=True)
class Setting:
    """One variable. `example` is none where most operators leave the default as it is."""

    name: str
    default: str
    meaning: str
    example: str | None


def every() -> list[Setting]:
    """All settings, in the order in which somebody fills them in."""
    return [_setting(name, field) for name, field in Settings.model_fields.items()]


def as_text() -> str:
    """For somebody at a terminal."""
    return "\n\n".join(f"{_head(one)}\n{_wrapped(one.meaning, '    ')}" for one in every())


def as_markdown() -> str:
    """The page of the docs."""
    return "\n".join([*_INTRODUCTION, *(_row(one) for one in every())])


def as_env() -> str:
    """A file to fill in. A setting that most leave alone stands there as a comment, with its default."""
    return "\n".join([*_FILE_HEAD, *(line for one in every() for line in _assignment(one))]).rstrip("\n")


def _setting(name: str, field: FieldInfo) -> Setting:
    example = _written(field.examples[0]) if field.examples else None
    return Setting(name.upper(), _written(field.default), " ".join((field.description or "").split()), example)


def _written(value: object) -> str:
    """A value as it stands in the environment."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _head(one: Setting) -> str:
    return f"{one.name}={one.default}" if one.default else one.name


def _row(one: Setting) -> str:
    default = "the CDN's address" if one.default == HTMX_CDN_URL else f"`{one.default}`" if one.default else ""
    return f"| `{one.name}` | {default} | {one.meaning} |"


def _assignment(one: Setting) -> Iterator[str]:
    yield _wrapped(one.meaning, "# ")
    yield f"#{one.name}={one.default}" if one.example is None else f"{one.name}={one.example}"
    yield ""


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


_INTRODUCTION = """\
# Settings

<!-- Written by `portal settings --markdown > docs/settings.md` from portal/settings.py: change it there. -->

The portal reads its settings from the environment, or from a file called `.env` in the folder where you start
it. The environment takes precedence, and an empty value counts as not set. In production, the portal doesn't
start with a missing or unsafe value. The message names the variable and says what to do. `portal settings`
prints this list, and `.env.example` is the same list as a file to fill in. The operating guide says [which ones
you need](operating.md#2-fill-in-the-settings).

| variable | default | what it means |
| --- | --- | --- |""".splitlines()

_FILE_HEAD = """\
# Copy this file to .env and fill it in. Lines that start with # keep their default.
# Written by `portal settings --env > .env.example` from portal/settings.py: change it there.

""".splitlines()
