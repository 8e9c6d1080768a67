"""The docs say what is so: rooms, floors, settings; and every file, link, command and label that they name exists."""

import ast
import os
import re
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import portal
from portal import cli
from portal.operations import settings_reference
from portal.settings import Settings

PACKAGE = Path(portal.__file__).parent
ROOT = PACKAGE.parent
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN_BY_THEIR_ROOM = {"views", "forms"}
PLACES = ("portal", "migrations", "tests", "e2e", "bench", "docs", ".ci")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)


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


def _code(text: str) -> list[str]:
    """What a page shows as code, line by line."""
    blocks = re.findall(r"(?ms)^ *```[^\n]*\n(.*?)^ *```", text)
    rest = re.sub(r"(?ms)^ *```.*?^ *```", "", text)
    lines = [line for block in blocks for line in block.splitlines()]
    return [*lines, *(" ".join(span.split()) for span in re.findall(r"`([^`]+)`", rest))]


def _anchors(page: Path) -> set[str]:
    """What GitHub makes of each heading."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
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


@each_page
def test_links_within_the_project_lead_somewhere(page):
    for path, _sharp, anchor in (link.partition("#") for link in re.findall(r"\]\(([^)]+)\)", page.read_text())):
        if path.startswith(("http:", "https:")):
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in _anchors(target), f"{path}#{anchor}"


@each_page
def test_pictures_that_a_page_shows_exist_for_light_and_dark(page):
    pictures = re.findall(r"<picture>(.*?)</picture>", page.read_text(), re.DOTALL)
    for picture in pictures:
        [dark], [light] = re.findall(r'srcset="([^"]+)"', picture), re.findall(r'<img[^>]* src="([^"]+)"', picture)
        assert dark.replace("-dark.", "-light.") == light
        assert 'media="(prefers-color-scheme: dark)"' in picture
        assert re.search(r'alt="[^"]{10,}"', picture)
        assert all((page.parent / name).exists() for name in (light, dark)), light


@each_page
def test_make_targets_that_a_page_names_exist(page):
    targets = set(re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text()))
    assert set(re.findall(r"(?m)\bmake ([a-z][\w-]+)", "\n".join(_code(page.read_text())))) <= targets


@each_page
def test_commands_that_a_page_names_exist_with_their_options(page):
    for line in _code(page.read_text()):
        for words in re.findall(r"(?:^|bin/|-m |portal )portal((?: [\w.:/@-]+)+)", line.partition(" #")[0]):
            typed = [word for word in words.split() if word != "--help"]
            assert {word for word in typed if word.startswith("--")} <= _options(typed), line


def _options(typed: list[str]) -> set[str]:
    """Those of the command that is meant: a group's name is followed by one of its commands, or stands alone."""
    command: click.Command = cli.main
    for word in typed:
        if not isinstance(command, click.Group):
            break
        assert word in command.commands, word
        command = command.commands[word]
    return {option for parameter in command.params for option in parameter.opts}


def test_variables_that_a_page_names_exist():
    """Those of a settings' page are the settings; others are named where they are read."""
    known = {name.upper() for name in Settings.model_fields}
    others = {"PORTAL_STAFF_PASSWORD", "GUNICORN_CMD_ARGS", "CAMPAIGN_ROWS", "CAMPAIGN_KILLS"}
    code = {name for path in PACKAGE.rglob("*.py") for name in re.findall(r"\b[A-Z][A-Z_]+\b", path.read_text())}
    for page in PAGES:
        named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", page.read_text()))
        assert named <= known | others | code, page.name


@pytest.mark.parametrize(("file", "option"), [("docs/settings.md", "--markdown"), (".env.example", "--env")])
def test_the_settings_are_listed_as_the_code_has_them(file, option):
    written = CliRunner().invoke(cli.main, ["settings", option])
    assert written.exit_code == 0
    assert (ROOT / file).read_text() == written.output, f"run: portal settings {option} > {file}"


def test_the_settings_are_listed_in_the_terminal_without_a_setting_made():
    lines = CliRunner(env=dict.fromkeys(os.environ, "")).invoke(cli.main, ["settings"]).output.splitlines()
    names = [line.partition("=")[0] for line in lines if line and not line.startswith(" ")]
    assert names == [name.upper() for name in Settings.model_fields]


def test_every_setting_says_what_it_means():
    silent = [one.name for one in settings_reference.every() if not one.meaning.endswith(".")]
    assert not silent, "write the sentence below its field in portal/settings.py"


def test_every_label_that_the_tour_names_is_on_a_page():
    """In bold stands what is on the screen, word for word."""
    sources = [*PACKAGE.rglob("*.html"), *PACKAGE.rglob("*.py")]
    screen = "\n".join(path.read_text() for path in sources)
    named = re.findall(r"\*\*([^*]+)\*\*", (ROOT / "docs" / "first-day.md").read_text())
    missing = [
        label for label in named if not re.search(rf'["\'>]{re.escape(" ".join(label.split()))}["\'<]', screen)
    ]
    assert named
    assert not missing
