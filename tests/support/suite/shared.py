"""What all workers of a run have in common, so that one of them makes it for all."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from tests.support.suite.patience import wait_until

MEMORY = Path("/dev/shm")
ENOUGH = 2 * 1024**3
"""Bytes; a container may have much less there, and then the disk is used."""
LONGEST_TURN = 120
"""Seconds that a worker may take to make what all share; the others wait for it as long."""


def keep_in_memory() -> None:
    """Let temporary folders lie in memory where there is room: a commit waits for its disk, and tests commit all the time.

    To be called before the first of them is made. Whoever says where they lie is heeded.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def shared_folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder of the whole run; a worker's own temporary folder lies in that of the run."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    return folder


def made_once(file: Path, make: Callable[[Path], None]) -> Path:
    """A file that whoever comes first makes, under another name until it is whole."""
    begun = file.with_name(f"begun-{file.name}")
    with file.with_name(f"{file.name}.lock").open("w") as lock:
        wait_until(lambda: _is_ours(lock), LONGEST_TURN)
        if not file.exists():
            make(begun)
            begun.rename(file)
    return file


def _is_ours(lock: IO[str]) -> bool:
    """Lock a file, unless somebody else has."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
