"""Which tests one process of a run takes together."""

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

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

    Every second worker begins at the end: so few of them ever start a browser, and while tests beside each other
    wait for the same, the others have something to compute.

    The mark `xdist_group` would not keep them together: it has no effect in pytest-xdist 3.8 with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return TOGETHER.get(file, nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if list(self.assigned_work).index(node) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        """Forget what is done: after each test all that a worker was ever given would be counted again."""
        super().mark_test_complete(node, item_index, duration)
        units = self.assigned_work[node]
        for scope in [scope for scope, tests in units.items() if all(tests.values())]:
            del units[scope]
