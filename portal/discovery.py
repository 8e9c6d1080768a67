"""Finds modules of the rooms by name: `views` for pages, `tasks` for the worker, `blueprint` to register.

So a new room, or a new module of views, is found without being listed anywhere.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).parent


def load(name: str) -> list[ModuleType]:
    """Import every module, or every module of a folder, of this name in the rooms. The sandbox is no room."""
    found = [*PACKAGE.rglob(f"{name}.py"), *PACKAGE.rglob(f"{name}/*.py")]
    dotted = (".".join(("portal", *path.relative_to(PACKAGE).with_suffix("").parts)) for path in found)
    return [import_module(module) for module in sorted(dotted) if not module.startswith("portal.sandbox.")]
