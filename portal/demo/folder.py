"""What the demo's folder says of itself: whether its story is being told, was told, or there is none."""

import json
from pathlib import Path
from typing import Any

BEGUN, TOLD = "story.begun", "story.told"
"""Files: the story has begun and not ended; it was told, with the faults at Connexease that go on."""


def note_end(folder: Path, faults: list[dict[str, Any]], *, is_empty: bool) -> None:
    """The folder is ready, with a story or without."""
    (folder / BEGUN).write_text(json.dumps({"has_story": not is_empty, "faults": faults}))
    (folder / BEGUN).rename(folder / TOLD)


def lasting_faults(folder: Path) -> list[dict[str, Any]]:
    """What goes on failing at Connexease since the story's end."""
    return list(_told(folder)["faults"])


def has_story(folder: Path) -> bool:
    """Whether there is more in it than a login for the staff."""
    return bool(_told(folder)["has_story"])


def _told(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / TOLD).read_text())
    return told
