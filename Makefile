# Everything starts here. `make demo` and `make test` set up what they need by themselves.

SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.newsboy-ready
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard bot/locales/*/LC_MESSAGES/*.po))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check bench soak lock clean

help:
	@echo "make demo    start the bot in a sandbox with a sample newspaper: no token, no network"
	@echo "make test    all checks and all tests"
	@echo "make check   lint, format, types, import directions, catalogues"
	@echo "make bench   the figures"
	@echo "make soak    crashes and faults at length: an hour (make soak SOAK='kills --scale 0.1')"
	@echo "make lock    pin the dependencies of pyproject.toml anew, with hashes"
	@echo "make clean   remove what the others made, the set-up included"

setup: $(READY) $(CATALOGUES)

# The first Python that is new enough; `make PYTHON=… demo` chooses another.
$(READY): requirements.lock pyproject.toml bot/locales/hatch_build.py
	@if $(PY) -c 'import pip' 2>/dev/null; then exit 0; fi; \
	python='$(PYTHON)'; \
	for each in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if [ -z "$$python" ] && $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then python=$$each; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "newsboy needs Python 3.11 or newer, and none was found."; \
	  echo "Install it (Debian, Ubuntu: apt install python3 python3-venv), then try again."; exit 1; \
	fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "This Python cannot make virtual environments."; \
	  echo "Install its venv module (Debian, Ubuntu: apt install python3-venv), then try again."; exit 1; \
	fi; \
	echo "== making $(VENV) with $$($$python --version)"; \
	$$python -m venv --clear $(VENV)
	@echo "== installing the pinned dependencies into $(VENV) (once; a minute or two)"
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock || { \
	  echo "The dependencies could not be installed: see the lines above."; \
	  echo "This step needs a package index: check the network, or pip's index-url."; exit 1; }
	@echo "== installing newsboy into $(VENV), editable"
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

%.mo: %.po | $(READY)
	@echo "== compiling $<"
	@$(VENV)/bin/pybabel --quiet compile -i $< -o $@

demo: setup
	@$(PY) -m bot demo

test: check
	@echo "== pytest"
	@$(PY) -m pytest -q -n auto --maxprocesses 4 --dist worksteal || { \
	  status=$$?; [ $$status = 1 ] || exit $$status; \
	  echo "== pytest: what failed, once more and alone (what passes now is a race: look at it)"; \
	  $(PY) -m pytest -q --last-failed --last-failed-no-failures none --maxfail 3; }

check: setup
	@echo "== ruff: lint"
	@$(PY) -m ruff check .
	@echo "== ruff: format"
	@$(PY) -m ruff format --check .
	@echo "== mypy"
	@$(PY) -m mypy
	@echo "== import-linter"
	@$(VENV)/bin/lint-imports --no-logo
	@echo "== catalogues"
	@$(PY) -m pytest -q tests/messages/test_locales.py

bench: setup
	@$(PY) -m tests.bench

soak: setup
	@$(PY) -m tests.e2e $(SOAK)

# No registry host enters the lock: it must serve every index.
lock: $(READY)
	@echo "== pinning"
	@$(PY) -m pip install -qq --disable-pip-version-check uv
	@$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --all-extras --upgrade \
	  --no-emit-index-url --custom-compile-command "make lock" \
	  --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find bot storage tests -name __pycache__ -prune -exec rm -rf {} +
	rm -f bot/locales/*/LC_MESSAGES/*.mo
