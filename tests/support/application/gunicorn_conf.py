"""gunicorn.conf.py as it is, for a gunicorn that takes templates which another process of the run has compiled.

To compile all of them in all languages takes two thirds of a start.
"""

import os
from pathlib import Path

from flask import Flask

from tests.support.application.templates import TemplateCache

exec((Path(__file__).resolve().parents[3] / "gunicorn.conf.py").read_text())
Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": TemplateCache(os.environ["TEMPLATE_CACHE"])}
