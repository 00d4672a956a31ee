# The two commands are `make up` and `make test`; `make help` lists the rest.
# Every path is relative, so that a folder with spaces in its name works.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help up test suites lint bench clean lock sample translations format docs

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | \
	  awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

up: $(VENV)/installed ## install what is missing, then start the portal (Ctrl-C stops it)
	@$(BIN)/myk up

test: $(VENV)/installed-dev ## all tests (needs no running portal: it starts its own)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

suites: $(VENV)/installed-dev ## CKAN's own tests against the search service, in both modes
	@$(BIN)/python -m tests.ckan_suites $(SUITES_ARGS)

lint: $(VENV)/installed-dev ## ruff, mypy, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/installed-dev ## let ruff format and sort the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: $(VENV)/installed-dev ## measure search and indexing; a table, and bench.json here
	@$(BIN)/python -m tests.benchmarks

relevance: $(VENV)/installed-dev ## measure how well the search finds what is meant; writes docs/relevance.md
	@$(BIN)/python -m tests.relevance

sample: $(VENV)/installed-dev ## build the sample region's catalogue again from sample/records
	@$(BIN)/python -m sample.build

docs: $(VENV)/installed-dev ## write docs/configuration.md from the code
	@$(BIN)/python -m tests.tools.configuration

translations: $(VENV)/installed-dev ## collect texts and compile the German catalogue
	@$(BIN)/python -m tests.tools.translations

lock: ## resolve requirements/*.in to exact versions (needs uv)
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header \
	  --upgrade --override requirements/overrides.txt requirements/base.in -o requirements.txt
	sed -i '/^psycopg2==/d' requirements.txt
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header \
	  --upgrade requirements/dev.in -c requirements.txt -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header \
	  --upgrade requirements/server.in -c requirements.txt -o requirements/server.txt

clean: ## remove the environment and caches; the data in .myk stays
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis bench.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/python-ok:
	@$(PYTHON) -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info < (3, 14)))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed; $$($(PYTHON) --version) was found. Name another: make up PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian and Ubuntu: sudo apt install python3-venv"; exit 2; }
	@echo "Making the environment in $(VENV) (first run only) …"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/python-ok requirements.txt pyproject.toml ckanext-myk/pyproject.toml
	@echo "Installing packages (about a minute with a near package index) …"
	@$(PIP) install -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --config-settings editable_mode=compat -e . -e ./ckanext-myk
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements/dev.txt
	@echo "Installing what the tests and linters need …"
	@$(PIP) install -r requirements/dev.txt
	@touch $@
