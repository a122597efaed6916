# What there is to do: `make help`. Needs Debian with Python 3.11 (python3-venv) and make; everything else is fetched into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
# Pages and clients are tested on real servers: one set per pytest process, and a set needs about one core.
PYTEST := $(BIN)/python -m pytest

.PHONY: help setup setup-dev demo clean-demo test test-deep chaos lint bench

help: ## Say what can be done.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv with .venv/bin/roomdesk; nothing to do when the lock files are unchanged.
	@PYTHON=$(PYTHON) tools/setup run

setup-dev:
	@PYTHON=$(PYTHON) tools/setup dev

demo: setup ## Start everything with example data on this machine; Ctrl-C stops it, again continues.
	@exec $(BIN)/roomdesk demo

clean-demo: ## Remove the data of the demo (.roomdesk, or ROOMDESK_DATA).
	@tools/clean-demo

test: setup-dev lint ## Everything that has to pass: lint, types, layers, migrations, all quick tests.
	@tools/chromium
	@$(PYTEST) -q -n 2 --dist loadfile --no-loadscope-reorder --durations=12 --durations-min=5

test-deep: setup-dev ## What takes long: more examples, a year's simulation. Nightly.
	@tools/chromium
	@tools/nginx
	@ROOMDESK_DEEP=1 $(PYTEST) -q -n 2 --dist loadfile -m "not chaos"

chaos: setup-dev ## Kill everything in turn under load, and count.
	@$(PYTEST) -q -m chaos tests/chaos

lint: setup-dev ## The checks that need no server: style, types, layers, migrations.
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo >.venv/layers.txt || { cat .venv/layers.txt; exit 1; }
	@DJANGO_SETTINGS_MODULE=tests.tool_settings $(BIN)/python -m django makemigrations --check --dry-run -v 1

bench: setup-dev ## Measure, each beside a limit measured in the same run.
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done
