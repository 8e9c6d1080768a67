"""The docs say what is so: the map of the rooms, the picture of the floors, and the files that they name."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import portal

PACKAGE = Path(portal.__file__).parent
ROOT = PACKAGE.parent
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN_BY_THEIR_ROOM = {"views", "forms"}
PLACES = ("portal", "migrations", "tests", "e2e", "bench", "docs", ".ci")


def _first_line(module: Path) -> str:
    return (ast.get_docstring(ast.parse(module.read_text())) or "").splitlines()[0].strip()


def _rooms() -> dict[str, str]:
    folders = [init.parent for init in PACKAGE.rglob("__init__.py") if init.parent != PACKAGE]
    rooms = {
        f"{folder.relative_to(ROOT).as_posix()}/": _first_line(folder / "__init__.py")
        for folder in folders
        if folder.name not in SHOWN_BY_THEIR_ROOM
    }
    modules = [path for path in PACKAGE.glob("*.py") if path.name != "__init__.py"]
    return rooms | {path.relative_to(ROOT).as_posix(): _first_line(path) for path in modules}


def test_the_map_names_every_room_with_its_own_words():
    written = dict(re.findall(r"(?m)^\| `(portal/[^`]*)` \| (.*) \|$", ARCHITECTURE.read_text()))
    assert written == _rooms()


def test_the_picture_shows_the_floors_of_the_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    drawn = re.findall(r'floor\d+\["([^"]*)"\]', ARCHITECTURE.read_text())
    assert drawn == [" · ".join(part.strip() for part in floor.split("|")) for floor in floors]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_files_that_a_page_names_exist(page):
    """In backquotes: a path from the project's root, or one of a room, such as `web/access.py`."""
    named = re.findall(r"`([\w.-]+(?:/[\w.-]+)+/?)`", page.read_text())
    missing = [
        name
        for name in named
        if (name.partition("/")[0] in PLACES or (PACKAGE / name.partition("/")[0]).is_dir())
        and not (ROOT / name).exists()
        and not (PACKAGE / name).exists()
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_within_the_project_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_make_targets_that_a_page_names_exist(page):
    targets = set(re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text()))
    assert (
        set(re.findall(r"make ([a-z][\w-]+)", " ".join(re.findall(r"`[^`]*`|^ {4}.*$", page.read_text(), re.M))))
        <= targets
    )
