"""Which tests one process of a run takes together."""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/integration/demo/test_demo.py",)
"""Files whose tests share what takes long to make."""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Each test goes to whoever is free, but those of some files stay together, and these come first.

    The mark `xdist_group` would not keep them together: it has no effect in pytest-xdist 3.8 with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid
