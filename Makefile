# Nothing is needed but make and Python 3.11 or newer; each target does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV_VERSION := 0.13.9
UV := $(BIN)/uv
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --fork-strategy fewest

.DEFAULT_GOAL := help
.PHONY: help demo test shots lint bench torture torture-proof setup lock

help:
	@echo "make demo    run a real book of 20,841 credit lines and show it (options: ARGS='--people 500')"
	@echo "make test    run the tests                                      (options: ARGS='-k interest')"
	@echo "make shots   the pictures of docs/shots, taken by walking through all pages in a browser"
	@echo "make lint    style, types, rooms, spelling"
	@echo "make bench   measure; each line printed is a JSON object"
	@echo "make torture STORIES=1000 SEED=7  borrowers, with faults and kills at every step"
	@echo "make torture-proof  plant bugs and see that the tests catch them (options: ARGS=fence)"
	@echo "make setup   only make $(VENV)"
	@echo "make lock    pin the dependencies again                         (options: ARGS=--upgrade)"

demo: $(READY)
	$(BIN)/jiehuan demo $(ARGS)

test: $(READY)
	@tests/walk/install.sh
	$(BIN)/pytest -n 2 --dist worksteal $(ARGS)

shots: $(READY)
	@tests/walk/install.sh
	SHOTS=1 $(BIN)/pytest tests/walk $(ARGS)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

bench: $(READY)
	@for script in bench/*.py; do $(BIN)/python "$$script" $(ARGS) || exit 1; done

STORIES ?= 200
SEED ?= 1
torture: $(READY)
	$(BIN)/python -m tests.stories.torture --stories $(STORIES) --seed $(SEED)

torture-proof: $(READY)
	$(BIN)/python -m tests.torture.proof $(ARGS)

setup: $(READY)

# The stamp is written last, so a set-up that was cut short is done again.
$(READY): requirements/all.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "jiehuan needs Python 3.11 or newer, and $(PYTHON) is not:" \
	    "say which one it is with 'make setup PYTHON=python3.12'." >&2; exit 1; }
	@echo "Setting up $(VENV) (about 15 seconds, once)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/all.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# core.lock is what a server needs, all.lock what work on the code needs, in the same versions.
lock: $(READY)
	$(LOCK) --all-extras --output-file requirements/all.lock pyproject.toml $(ARGS)
	$(LOCK) --constraints requirements/all.lock --output-file requirements/core.lock \
	    pyproject.toml $(ARGS)
