"""Compiled templates, kept for all processes of a run: compiling takes longer than most tests."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from jinja2.environment import Environment

CONFIGURATION = Path(__file__).with_name("gunicorn_conf.py")


def environment(folder: Path) -> Mapping[str, str]:
    """What a gunicorn is told, so that it takes compiled templates from there."""
    return {"TEMPLATE_CACHE": str(folder), "GUNICORN_CMD_ARGS": f"--config {CONFIGURATION}"}


class TemplateCache(FileSystemBytecodeCache):
    """Keeps a template for each language, as its sentences are compiled into it."""

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        translations = getattr(environment, "translations", None)
        language = _name(translations) if translations is not None else ""
        return super().get_bucket(environment, f"{language}:{name}", filename, source)


@lru_cache(maxsize=20)
def _name(translations: NullTranslations) -> str:
    """What tells these translations from all others: what is in them. Their head tells only when they were read."""
    sentences: dict[Any, str] = getattr(translations, "_catalog", {})
    written = repr(sorted((str(key), text) for key, text in sentences.items() if key))
    return f"{type(translations).__name__}-{hashlib.sha256(written.encode()).hexdigest()}"
