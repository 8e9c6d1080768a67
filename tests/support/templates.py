"""Compiled templates, kept for all processes of a run: compiling takes longer than most tests."""

import hashlib
from functools import lru_cache
from typing import Any

from babel.support import NullTranslations
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from jinja2.environment import Environment


class TemplateCache(FileSystemBytecodeCache):
    """Keeps a template for each language, as its sentences are compiled into it."""

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        translations = getattr(environment, "translations", None)
        language = _name(translations) if translations is not None else ""
        return super().get_bucket(environment, f"{language}:{name}", filename, source)


@lru_cache(maxsize=20)
def _name(translations: NullTranslations) -> str:
    """What tells these translations from all others: what is in them."""
    sentences: dict[Any, str] = getattr(translations, "_catalog", {})
    written = repr(sorted((str(key), text) for key, text in sentences.items()))
    return f"{type(translations).__name__}-{hashlib.sha256(written.encode()).hexdigest()}"
