"""Compiled templates, kept beside Python's own bytecode: compiling all of them takes most of a start.

Anyone who can write to that folder can change Python's bytecode too, so these files are as trustworthy as the
code.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from babel.support import NullTranslations
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

PACKAGE = Path(__file__).resolve().parents[2]
FOLDER = PACKAGE / "__pycache__" / "compiled"


class CompiledTemplates(FileSystemBytecodeCache):
    """Keeps a template for each language, as its sentences are compiled into it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        super().__init__(str(folder))
        self._folder = folder

    def get_bucket(self, environment: Any, name: str, filename: str | None, source: str) -> Bucket:
        """What is kept of a template; nothing if what it was compiled from or by has changed since."""
        language, sentences = _of(environment.translations) if environment.translations else ("", "")
        key = self.get_cache_key(f"{language}:{name}", filename)
        bucket = Bucket(environment, key, self.get_source_checksum(f"{_compiler()} {sentences} {source}"))
        self.load_bytecode(bucket)
        return bucket

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, unless nothing can be written there, as in a container."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)
        except OSError:
            return


@cache
def _compiler() -> str:
    """What tells this code from all others: any of it may say what a template is compiled to, as filters do."""
    return hashlib.sha256("\n".join([jinja2.__version__, *_code()]).encode()).hexdigest()


def _code() -> Iterator[str]:
    for file in sorted(PACKAGE.rglob("*.py")):
        facts = file.stat()  # of an image, whose layers keep whole seconds
        yield f"{file} {facts.st_size} {int(facts.st_mtime)}"


@cache
def _of(translations: NullTranslations) -> tuple[str, str]:
    """The language of a catalogue, and what tells its sentences from all others."""
    sentences: dict[Any, str] = getattr(translations, "_catalog", {})
    # Beside no sentence stand facts about the file, such as when it was read.
    written = repr(sorted((str(key), text) for key, text in sentences.items() if key))
    # One that holds no sentences may make them.
    language = translations.info().get("language") or type(translations).__qualname__
    return language, hashlib.sha256(f"{language} {written}".encode()).hexdigest()
