"""Who may import whom: the contracts of pyproject.toml, and what import-linter cannot say."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Set
from pathlib import Path

import pytest

import portal
from tests.support.suite.patience import patient

PACKAGE = Path(portal.__file__).parent
ROOT = PACKAGE.parent
VIEWS = [*PACKAGE.rglob("views.py"), *PACKAGE.rglob("views")]
BLUEPRINTS = sorted({path.parent for path in VIEWS if "sandbox" not in path.parts})
ASKERS = {"sqlalchemy", "sqlmodel", "requests", "urllib3"}
OF_A_REQUEST = {"request", "session", "g", "flash", "abort", "redirect", "render_template", "url_for", "jsonify"}


def test_the_contracts_hold():
    """In a process of its own, because import-linter sets logging up anew."""
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=patient(120))
    assert done.returncode == 0, done.stdout


def imports(path: Path, of: Set[str]) -> Iterator[tuple[str, str]]:
    """What a module imports by name. One that does not even mention what is looked for is not taken apart."""
    text = path.read_text()
    for node in ast.walk(ast.parse(text)) if any(name in text for name in of) else ():
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.module or "", alias.name


COOKIE = PACKAGE / "identity" / "browser_login.py"
"""A login is a cookie and a row: whoever logs somebody in needs the request."""


def is_page(path: Path) -> bool:
    """A module with views, which alone know the request."""
    return "views" in str(path.relative_to(PACKAGE)) or "pages" in path.stem or path.stem == "__init__"


@pytest.mark.parametrize("package", BLUEPRINTS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_views_know_the_request(package):
    for path in package.rglob("*.py"):
        if not is_page(path) and path != COOKIE:
            names = {name for module, name in imports(path, {"flask"}) if module == "flask"}
            assert not names & OF_A_REQUEST, path


@pytest.mark.parametrize("package", BLUEPRINTS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_views_write_no_queries(package):
    """A view parses, calls one function of a service and renders."""
    for path in (path for path in package.rglob("*.py") if "views" in str(path.relative_to(package))):
        modules = {module.partition(".")[0] for module, _ in imports(path, ASKERS)}
        assert not modules & ASKERS, path


def test_one_place_names_an_environment_variable():
    own = {"settings.py", "processes.py"}  # the demo makes the environment of the parts that it starts
    for path in PACKAGE.rglob("*.py"):
        if path.name not in own and "sandbox" not in path.parts:
            text = path.read_text()
            assert "os.environ" not in text, path
            assert "getenv" not in text, path


@pytest.mark.parametrize("sheet", sorted(PACKAGE.glob("**/static/**/*.css")), ids=lambda path: path.name)
def test_every_rule_of_a_style_sheet_is_closed(sheet):
    """A brace that is lost swallows all that follows, and no browser says so."""
    depth = 0
    for number, line in enumerate(sheet.read_text().splitlines(), start=1):
        assert depth == 0 or not line.startswith("/* ---"), f"{sheet.name}:{number}: the part before is still open"
        depth += line.count("{") - line.count("}")
    assert depth == 0
