# make run   the gateway at work on a made-up month; Ctrl-C ends it (ARGS=--until-idle: ends by itself)
# make test  linters, types, import contracts and all tests
.PHONY: run test setup setup-services lint faults bench dashboards picture
SHELL := /bin/bash
BIN := .venv/bin
# The tests start hundreds of processes: what the first of them compiles is for all.
unexport PYTHONDONTWRITEBYTECODE
ARGS ?=

run: .venv/.ready-run
	@$(BIN)/eessi-gateway demo $(ARGS)

setup: .venv/.ready-run

# Programs that some tests use (RabbitMQ, PostgreSQL, a browser, promtool, LibreOffice); without them those tests say so.
setup-services:
	@bash .ci/setup services

test: lint
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m coverage run --rcfile=pyproject.toml -m pytest -q -n 2 -m "not long" --dist loadfile tests/core
	@$(BIN)/python -m coverage combine -q
	@$(BIN)/python -m coverage report --include='gateway/core/*' --fail-under=100
	@$(BIN)/python -m pytest -q -n 3 -m "not long" --dist loadfile tests --ignore=tests/core

lint: .venv/.ready-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# The long suite: kills at every step and at 50 random points, 300 seeds of a bad world, the seeds of
# the year, a real broker, a real database. Not in `make test`.
faults: .venv/.ready-test
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile tests -m long --timeout=3000

# The Grafana dashboards, written anew from ops/dashboards/panels.py.
dashboards: .venv/.ready-run
	@$(BIN)/python ops/dashboards/build.py

# The picture of the status page in README.md, drawn anew by the test that draws it.
picture: .venv/.ready-test
	@EESSI_PICTURE=$(CURDIR)/ops/status-page.png $(BIN)/python -m pytest -q tests/services/test_browser.py -k draws

bench: .venv/.ready-run
	@$(BIN)/eessi-gateway bench $(ARGS)

.venv/.ready-run .venv/.ready-test: uv.lock pyproject.toml .ci/setup
	@bash .ci/setup $(subst .venv/.ready-,,$@)
