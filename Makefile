# Every target works on a machine with Python >= 3.11 and make, and nothing else.
.DEFAULT_GOAL := help
.PHONY: help install demo test check bench bench-full month docs chaos clean

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: .venv/.installed ## Create .venv with the pinned dependencies and the mmq command

.venv/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "mmq needs Python 3.11 or newer on the PATH; set PYTHON=/path/to/python3" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: install ## Answer 200 prompts against the sandbox: no key, no service needed
	@$(BIN)/mmq demo

test: install ## Run every test against real Redis, SQLite, PostgreSQL and workers
	$(BIN)/python -m pytest -q -n 4 --dist worksteal

check: install ## Lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install ## Compare with other queues and clients in under 15 minutes; writes benchmarks/results
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.suite

bench-full: install ## Measure all sides of it, repeated, for figures to publish: 90 minutes
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.suite --full

month: install ## Play a month of traffic in a quarter of an hour, and count what grows
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.month

chaos: install ## Kill everything around 5,000 jobs for some minutes, and count them afterwards
	PYTHONPATH=.:tests $(BIN)/python -m support.chaos $(ARGS)

docs: install ## Write docs/errors.md from the table of errors
	PYTHONPATH=tests $(BIN)/python -m support.errors_page

clean: ## Remove the environments, caches and embedded state
	rm -rf .venv .mmq benchmarks/.peers .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist
