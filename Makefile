# Each target sets up what it needs in a virtual environment, once.
# On a machine without make, the README gives the same steps as plain pip lines.

PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
OUT ?= out/tutorial

BIN := $(VENV)/bin
COLAB := $(VENV)/colab
# What depends on the versions of ipywidgets, traitlets and bqplot, and a lesson, is tested with Colab's, too; not what
# studies find, nor invented inputs and orders of clicks, which take as long as all the others.
TESTS_7 := tests/panels tests/state tests/plots/test_live.py tests/plots/test_figures.py tests/test_compat.py \
	tests/test_lessons.py::test_1_rescorla_wagner -m "not slow and not hypothesis" \
	$(patsubst %,--ignore=tests/panels/test_%.py,studies random_walk hostile)
# Small matrices: one thread per process is faster, and the tests run in several processes.
OMP_NUM_THREADS ?= 1
export OMP_NUM_THREADS

# Bytecode of what is used is written when it is first used, where that is allowed: half of a minute, and 300 MB.
LIGHT := $(if $(PYTHONDONTWRITEBYTECODE),,--no-compile)

.PHONY: help app tutorial test test-slow colab lint docs site workshop house format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

app: $(VENV)/app.stamp ## open the explorer in the browser
	$(BIN)/spicewidgets app

tutorial: $(VENV)/app.stamp ## run the tutorial's setting: simulate, train, discover, compare, plot into OUT
	$(BIN)/spicewidgets discover --sigma 0.2 --alpha-reward 0.3 --seed 42 --out $(OUT)

# What needs no browser runs beside the tests, while these wait for one; what it says follows what they say.
test: $(VENV)/browser.stamp $(COLAB)/colab.stamp $(VENV)/binder/ready ## lint, and run the tests, some in a browser, some as on Colab
	@nice $(MAKE) --no-print-directory --keep-going lint docs colab > $(VENV)/beside.log 2>&1 & beside=$$!; \
	trap "kill $$beside" INT TERM; \
	WIDGETS_7=$(abspath $(COLAB)/bin/python) $(BIN)/python -m pytest -n auto --durations=30 --rerun-show-tracebacks; tests=$$?; \
	wait $$beside; others=$$?; cat $(VENV)/beside.log; \
	test $$tests -eq 0 || echo "The tests have failed, see above."; exit $$((tests + others))

colab: $(COLAB)/colab.stamp # a part of the tests, as on Colab
	$(COLAB)/bin/python -m pytest $(TESTS_7)

test-slow: $(VENV)/test.stamp ## run the long tests (statistics over many data sets, soaks, loads)
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/test.stamp ## check style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: $(VENV)/test.stamp ## write the documentation, with the pages of the API, into out/site; a warning is an error
	$(BIN)/sphinx-build -q -W --keep-going docs out/site
	$(BIN)/python -W error::UserWarning -m pdoc --docformat google -o out/site/api spicewidgets spicewidgets.core spicewidgets.state spicewidgets.plots
	$(BIN)/python docs/check.py out/site

site: docs ## the same: a site to copy to any web space, lessons and playground that need no Python among it

workshop: $(VENV)/browser.stamp ## make slides and handout of the workshop, into out/workshop
	$(BIN)/python notebooks/workshop/make.py out/workshop

house: ## print rooms, floors, imports between rooms, cycles and other numbers of the package
	@$(PYTHON) tests/house.py spicewidgets

format: $(VENV)/test.stamp ## rewrite the files in the house's format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## remove the virtual environment, the results and the caches
	rm -rf $(VENV) out build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/app.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(LIGHT) $(PIP_ARGS) -e ".[voila]"
	touch $@

$(VENV)/test.stamp: $(VENV)/app.stamp
	$(BIN)/python -m pip install $(PIP_ARGS) -e ".[test]"
	touch $@

# Debian's Chromium as root, Playwright's elsewhere, where there is none.
$(VENV)/browser.stamp: $(VENV)/test.stamp
	$(BIN)/python tests/browser/chromium.py
	touch $@

# The packages of Binder's image, where they can be had; else it says why, and their tests are skipped.
$(VENV)/binder/ready: $(VENV)/test.stamp binder/requirements.txt binder/runtime.txt tests/binder_image.py
	$(BIN)/python tests/binder_image.py $(VENV)/binder

# What Colab has in its place of the Jupyter packages; torch and all others are those of the first environment.
$(COLAB)/colab.stamp: $(VENV)/test.stamp tests/colab.txt
	$(PYTHON) -m venv $(COLAB)
	$(COLAB)/bin/python -m pip install $(PIP_ARGS) -r tests/colab.txt
	$(BIN)/python -c "import site; print('import site; site.addsitedir(%r)' % site.getsitepackages()[0])" \
		> $$($(COLAB)/bin/python -c "import site; print(site.getsitepackages()[0])")/first.pth
	touch $@
