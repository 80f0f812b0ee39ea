# make run   the gateway at work on a made-up month; Ctrl-C ends it (ARGS=--until-idle: ends by itself)
# make test  linters, types, import contracts and all tests
.PHONY: run test setup lint faults bench clean
SHELL := /bin/bash
BIN := .venv/bin
ARGS ?=

run: .venv/.ready-run
	@$(BIN)/eessi-gateway demo $(ARGS)

setup: .venv/.ready-run

test: lint
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m coverage run --rcfile=pyproject.toml -m pytest -q tests/core
	@$(BIN)/python -m coverage report --include='gateway/core/*' --fail-under=100
	@$(BIN)/python -m pytest -q -n 2 -m "not long" --dist loadfile tests --ignore=tests/core

lint: .venv/.ready-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# The long suite: 50 kills at random points, the seeds of the year. Not part of `make test`.
faults: .venv/.ready-test
	@$(BIN)/python -m pytest -q tests -m long --timeout=3000

bench: .venv/.ready-run
	@$(BIN)/eessi-gateway bench $(ARGS)

.venv/.ready-run .venv/.ready-test: uv.lock pyproject.toml .ci/setup
	@bash .ci/setup $(subst .venv/.ready-,,$@)
