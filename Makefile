.PHONY: demo test coverage lint bench setup lock

PYTEST := .venv/bin/pytest

demo: ; @.ci/setup app && exec .venv/bin/portal demo
test: setup lint ; @$(PYTEST)
coverage: setup ; @$(PYTEST) --cov --cov-report=term:skip-covered
lint: ; @.ci/setup app && .ci/lint
bench: ; @.ci/setup app && .venv/bin/python -m bench
setup: ; @.ci/setup tests
lock: ; @.ci/lock
