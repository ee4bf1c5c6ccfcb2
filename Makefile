# Every target does its own set-up; `make run` and `make test` are all a new machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 7860
PIP := $(BIN)/pip install --disable-pip-version-check -q -c constraints.txt

.PHONY: run test test-slow test-ray test-mmdet check bench fuzz clean

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	  { echo "error: Rinkside needs Python 3.11, 3.12 or 3.13; choose one with PYTHON=python3.12" >&2; exit 2; }
	@echo "Rinkside: making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.python requirements.txt constraints.txt
	@echo "Rinkside: installing the app's packages (about 2 GB, 2 minutes or more)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	@echo "Rinkside: installing the test tools"
	@$(PIP) -r requirements-dev.txt
	@touch $@

run: $(VENV)/.runtime
	@$(BIN)/python app.py --port $(PORT)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow -rsR --rerun-show-tracebacks

# What the default installation leaves out is tested in an environment of its own, 2 GB that are
# deleted however the test ends; there a missing package fails the test instead of skipping it.
# $(call in_own_environment,NAME,PACKAGES,TESTS)
define in_own_environment
	@trap 'rm -rf $(VENV)-$(1) build rinkside.egg-info' EXIT; trap 'exit 130' INT TERM; set -e; \
	  $(PYTHON) -m venv --clear $(VENV)-$(1); \
	  $(VENV)-$(1)/bin/pip install --disable-pip-version-check -q -c constraints.txt \
	    -r requirements-dev.txt $(2); \
	  CI_REQUIRE=$(1) $(VENV)-$(1)/bin/python -m pytest $(3)
endef

# Both engines of training.prepare leave the same files, on a Ray cluster of two nodes.
test-ray:
	$(call in_own_environment,ray,"ray[data]",-m slow tests/training/preparation/test_prepare_engines.py -k ray)

# mmdetection's DINO as the detector's back end (docs/openmmlab.md).
test-mmdet:
	$(call in_own_environment,mmdet,".[openmmlab]",tests/pipeline/detection/test_mmdet.py)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

# 100,000 damaged videos of six kinds, each read as the app reads it; hours of one processor.
fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.hostile.fuzz

clean:
	rm -rf $(VENV) $(VENV)-ray $(VENV)-mmdet out build
