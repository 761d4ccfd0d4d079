# Each target sets up what it needs in a virtual environment, once.
# On a machine without make, the README gives the same steps as plain pip lines.

PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
OUT ?= out/tutorial

BIN := $(VENV)/bin
# Small matrices: one thread per process is faster, and the tests run in several processes.
OMP_NUM_THREADS ?= 1
export OMP_NUM_THREADS

.PHONY: help app tutorial test test-slow lint format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

app: $(VENV)/app.stamp ## open the explorer in the browser
	$(BIN)/spicewidgets app

tutorial: $(VENV)/app.stamp ## run the tutorial's setting: simulate, train, discover, compare, plot into OUT
	$(BIN)/spicewidgets discover --sigma 0.2 --alpha-reward 0.3 --seed 42 --out $(OUT)

test: lint ## lint, then run the tests
	$(BIN)/python -m pytest -n auto

test-slow: $(VENV)/test.stamp ## run the long tests (statistics over many data sets, soaks, loads)
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/test.stamp ## check style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/test.stamp ## rewrite the files in the house's format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## remove the virtual environment, the results and the caches
	rm -rf $(VENV) out build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/app.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_ARGS) -e ".[voila]"
	touch $@

$(VENV)/test.stamp: $(VENV)/app.stamp
	$(BIN)/python -m pip install $(PIP_ARGS) -e ".[test]"
	touch $@
