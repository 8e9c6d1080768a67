.PHONY: demo test coverage lint bench setup lock

PYTEST := .venv/bin/pytest
# The tests start the portal many times, each time in a process of its own: bytecode is kept for the next one.
export PYTHONDONTWRITEBYTECODE =

demo: ; @.ci/setup app && exec .venv/bin/portal demo
test: setup lint ; @$(PYTEST) --numprocesses=auto --maxprocesses=4 --dist=loadgroup
coverage: setup ; @$(PYTEST) --cov --cov-report=term:skip-covered
lint: ; @.ci/setup app && .ci/lint
bench: ; @.ci/setup app && .venv/bin/python -m bench
setup: ; @.ci/setup tests
lock: ; @.ci/lock
