"""Which tests one process of a run takes together."""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/integration/demo/test_demo.py": "the demo's story",
    "tests/integration/mail/test_letters.py": "the messages of the whole portal",
    "tests/integration/web/test_languages.py": "the messages of the whole portal",
    "tests/unit/house/test_translations.py": "the messages of the whole portal",
    "tests/unit/house/test_stylesheets.py": "what pages are made of",
}
"""Files whose tests share what takes long to make, and what that is."""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Each test goes to whoever is free, but those that share something stay together, and these come first.

    The mark `xdist_group` would not keep them together: it has no effect in pytest-xdist 3.8 with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return TOGETHER.get(file, nodeid)
