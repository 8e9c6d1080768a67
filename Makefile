.PHONY: demo pictures test check test-e2e test-one coverage lint bytecode bench setup lock styles translations

PYTEST := .venv/bin/pytest
# Tests that wait leave a core to others, so there are two workers more than there are cores.
WORKERS := --numprocesses=$(shell expr $$(getconf _NPROCESSORS_ONLN) + 2) --maxprocesses=4
# The tests start the portal many times, each time in a process of its own: bytecode is kept for the next one.
export PYTHONDONTWRITEBYTECODE =
# On a slow or busy machine, SLOW=3 waits three times as long for everything: `make test SLOW=3`.
export SLOW ?= 1

# `make demo EMPTY=1` begins without customers and their month of messages.
demo: ; @.ci/setup app && exec .venv/bin/portal demo $(if $(EMPTY),--empty)
test: setup ; @$(MAKE) --silent --jobs=2 lint bytecode && $(PYTEST) $(WORKERS)
# For the inner loop: what can be said without running the portal, and the unit tests.
check: lint ; @$(PYTEST) $(WORKERS) tests/unit --ignore-glob='*_in_browser.py'
test-e2e: setup ; @$(PYTEST) $(WORKERS) e2e
# One test, as `make test-one F=e2e/web/test_look.py::test_look`, with whatever it prints.
test-one: setup ; @$(PYTEST) -s $(F)
coverage: setup ; @$(PYTEST) --cov --cov-report=term:skip-covered
lint: ; @.ci/setup dev && .ci/lint
# What Python and pytest make of the code, kept for all workers: each of them would make it again. What is wrong, pytest says.
bytecode: ; @$(PYTEST) --collect-only --quiet > /dev/null 2>&1 || true
bench: ; @.ci/setup dev && .venv/bin/python -m bench
setup: ; @.ci/setup tests
# The pictures of README and docs, taken from the demo's data.
pictures: setup ; @.venv/bin/python -m e2e.pictures
lock: ; @.ci/lock
# Bootstrap's sheet, cut anew to what the pages use: after a class of Bootstrap's was used for the first time.
styles: ; @.ci/setup dev && .venv/bin/python -m tests.support.sources.bootstrap
# Brings the sentences of each language up to date with the code, and says how many wait for a translation.
translations: ; @.ci/setup dev && .venv/bin/python -m tests.support.sources.messages
