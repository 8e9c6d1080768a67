"""Static files: each under a name that holds a hash of its content, cached for a year, compressed once ahead."""

import atexit
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

from portal.web.serving import security_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

URL = "/static/"
_HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


class StaticFiles:
    """Answers for the static files, before Flask sees the request.

    Args:
        app: what answers everything else.
        folder: where the files are.
        is_fixed: whether they stay as they are while the portal runs. If not, as in development, they are
            read again each time, under the names that they have.
    """

    def __init__(self, app: "WSGIApplication", folder: Path, *, is_fixed: bool) -> None:
        self._app, self._folder, self._is_fixed = app, folder, is_fixed
        self._files: WhiteNoise | None = None

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(URL):
            return self._app(environ, start_response)
        self.prepare()
        answer: Iterable[bytes] = self._files(environ, start_response)  # type: ignore[misc]
        return answer

    def prepare(self) -> None:
        """Compress the files, which is otherwise done when the first of them is asked for."""
        if self._files is None:
            self._files = WhiteNoise(
                self._app,
                root=str(_built(self._folder) if self._is_fixed else self._folder),
                prefix=URL,
                autorefresh=not self._is_fixed,
                immutable_file_test=lambda _path, url: bool(_HASHED.search(url)),
                add_headers_function=security_headers.add_to_static,
            )


def init_app(app: Flask, *, is_fixed: bool) -> None:
    """Serve the application's static files, and let `url_for` write the names that hold their hashes."""
    folder = Path(app.static_folder or "")
    files = StaticFiles(app.wsgi_app, folder, is_fixed=is_fixed)
    app.wsgi_app = files  # type: ignore[method-assign]
    app.extensions["static_files"] = files
    if is_fixed:
        app.url_defaults(lambda endpoint, values: _name(folder, endpoint, values))


def _name(folder: Path, endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static":
        values["filename"] = _hashed_names(folder).get(values["filename"], values["filename"])


@cache
def _hashed_names(folder: Path) -> dict[str, str]:
    """By the path below the folder: the same with the hash in it."""
    names = {}
    for file in folder.rglob("*.*"):
        path = file.relative_to(folder)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        names[path.as_posix()] = path.with_suffix(f".{digest}{path.suffix}").as_posix()
    return names


@cache
def _built(folder: Path) -> Path:
    """A folder that stays as long as this process, with each file under both of its names."""
    target = Path(tempfile.mkdtemp(prefix="portal-static-"))
    # Held as long as the process lives, and by those that are forked from it: systemd empties what is not locked.
    fcntl.flock(os.open(target, os.O_RDONLY), fcntl.LOCK_SH)
    atexit.register(_remove, target, os.getpid())
    compressor = Compressor(quiet=True)
    for name, hashed in _hashed_names(folder).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, target / name)
        shutil.copy(folder / name, target / hashed)
        compressor.compress(str(target / hashed))
    return target


def _remove(target: Path, maker: int) -> None:
    if os.getpid() == maker:  # and not a worker that was forked from it: the others still read there
        shutil.rmtree(target, ignore_errors=True)
