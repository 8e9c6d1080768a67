"""Finds modules of the rooms by name: `views` for pages, `tasks` for the worker, `blueprint` to register.

So a new room, or a new module of views, is found without being listed anywhere.
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).parent


@cache
def load(name: str) -> tuple[ModuleType, ...]:
    """Import every module, or every module of a folder, of this name in the rooms. The sandbox is no room."""
    found = [*PACKAGE.rglob(f"{name}.py"), *PACKAGE.rglob(f"{name}/*.py")]
    dotted = (".".join(("portal", *path.relative_to(PACKAGE).with_suffix("").parts)) for path in found)
    return tuple(import_module(module) for module in sorted(dotted) if not module.startswith("portal.sandbox."))
