"""States of pages that no journey passes, the way there, and how every page is looked at."""

# Importing a module adds its states.
from e2e.states import channels, joining, long_names, people, staff  # noqa: F401
