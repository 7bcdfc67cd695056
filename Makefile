# Guitai. Needs Python 3.11 or newer and make; no root, no system package.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
JOURNEY ?= all
CASES ?= 200000
PIP := $(PY) -m pip --disable-pip-version-check install --no-deps --require-hashes
# Three processes on two cores, each with whole files: a file's tests share what they start, and often wait for servers (decision 0210). SEED=last repeats an order, any number makes another.
SEED ?= 2026603344
AT_ONCE := -n 3 --dist loadfile --randomly-seed=$(SEED)
# What the type checker and ruff look at.
ROOMS := config services adapters gateway tests wsgi.py

.PHONY: help setup setup-test run demo test check test-pg15 bench bench-data lock clean year
.DEFAULT_GOAL := help

help: ## List the targets
	@sed -nE 's/^([a-z0-9-]+):[^#]*## (.*)$$/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

setup: $(VENV)/.shipped ## Create .venv and install what requirements.txt locks

$(VENV)/.shipped: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(PY) || { echo "Creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing $$(grep -c '==' requirements.txt) locked packages (about 15 s)"
	@$(PIP) -r requirements.txt
	@$(PY) -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "guitai.pth").write_text(str(pathlib.Path.cwd()))'
	@touch $@

setup-test: $(VENV)/.tested

$(VENV)/.tested: requirements-test.txt $(VENV)/.shipped
	@echo "Installing $$(grep -c '==' requirements-test.txt) locked packages for the tests (about 20 s)"
	@$(PIP) -r requirements.txt -r requirements-test.txt
	@touch $@

run: setup ## Start everything, pay a gas bill and a water bill, keep serving (Ctrl-C stops all of it)
	@$(PY) -m gateway run --home var

demo: setup ## Every service on both platforms, once, checked from outside (JOURNEY=bills: the two bills alone)
	@$(PY) -m gateway demo --home var/demo --journey $(JOURNEY)

test: setup-test ## Run all tests on two cores; as root, install the Debian packages that they need
	@$(PY) tests/plugin_packages.py
	@$(PY) -m pytest $(AT_ONCE)

check: setup-test ## Lint, format, types, import contracts, architecture and documentation
	@$(PY) -m ruff check $(ROOMS)
	@$(PY) -m ruff format --check $(ROOMS)
	@$(PY) -m mypy $(ROOMS)
	@$(VENV)/bin/lint-imports --no-cache
	@$(PY) -m pytest -q tests/test_architecture.py tests/test_docs.py tests/test_licences.py

test-pg15: setup-test ## Run all tests on Debian's PostgreSQL 15
	@$(PY) tests/plugin_packages.py
	@GUITAI_TEST_POSTGRES=15 $(PY) -m pytest $(AT_ONCE)

bench: setup-test ## Ratios of one run into var/bench/report.json, 15 minutes at most after bench-data (FIGURE=a,b: these alone)
	@$(PY) -m tests.bench --figure "$(FIGURE)"

bench-data: setup-test ## The stores that growth is measured on, once: about 20 minutes, 29 GB under var/bench; goes on where it was stopped
	@$(PY) -m tests.bench.data

year: setup ## A simulated year of 200,000 cases on the shared clock, its books in var/year, counted again (CASES=2000: a small one)
	@$(PY) -m tests.year --cases $(CASES)

lock: ## Make both lock files anew from pyproject.toml (fetches uv into var/lock)
	@test -x var/lock/bin/uv || { $(PYTHON) -m venv var/lock && var/lock/bin/pip install -q uv; }
	@UV_CUSTOM_COMPILE_COMMAND="make lock" var/lock/bin/uv pip compile $(LOCK_OPTIONS) pyproject.toml -o requirements.txt
	@UV_CUSTOM_COMPILE_COMMAND="make lock" var/lock/bin/uv pip compile $(LOCK_OPTIONS) --group pyproject.toml:test -c requirements.txt -o requirements-test.txt

LOCK_OPTIONS := --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11

clean: ## Remove what the other targets made: .venv, var, caches (and with var the data of make run)
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
