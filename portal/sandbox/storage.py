"""The state file: JSON, replaced as a whole so that a crash never leaves half of it."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from portal.sandbox.state import State

_ADAPTER = TypeAdapter(State)


class UnreadableStateError(Exception):
    """The state file holds something else than a sandbox's state."""


def load(path: Path | None) -> State:
    """The state in ``path``, or a new one when there is none; raises UnreadableStateError."""
    if path is None or not path.exists():
        return State()
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except ValidationError as error:
        raise UnreadableStateError(f"{path} is not a sandbox's state: {error}") from error


def save(path: Path | None, state: State) -> None:
    """Write the state for its owner's eyes only: it holds header values and gateway keys."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_ADAPTER.dump_json(state))
    draft.replace(path)
