"""What all workers of a run have in common, so that one of them makes it for all."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


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
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            make(begun)
            begun.rename(file)
    return file
