"""Every state of every page, the way there, and how each is looked at."""

# Importing a module adds its states.
from e2e.states import channels, joining, long_names, people, staff  # noqa: F401
