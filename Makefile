# Every target does its own set-up; `make run` and `make test` are all a new machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 7860
PIP := $(BIN)/pip install --disable-pip-version-check -q -c constraints.txt

.PHONY: run test test-slow test-mmdet check bench clean

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
	$(BIN)/python -m pytest -m slow -rs

# mmdetection's DINO as the detector's back end, in an environment of its own (docs/openmmlab.md).
test-mmdet:
	@$(PYTHON) -m venv $(VENV)-mmdet
	$(VENV)-mmdet/bin/pip install -q -c constraints.txt -r requirements-dev.txt ".[openmmlab]"
	CI_REQUIRE=mmdet $(VENV)-mmdet/bin/python -m pytest tests/pipeline/test_detect_mmdet.py

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(VENV)-mmdet out build
