# `make demo` and `make test` work on a fresh machine with Python 3.11+, git and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# `pip install -c constraints.txt` keeps the tests on known versions; on Linux a GPU-less machine gets torch's CPU build
# when the index offers one for this version.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Tests wait for limits, servers and processes of their own: one process more than cores keeps two cores busy. Each takes
# whole files, in order, so that what a file's tests share is made once.
TESTERS ?= 3
PYTEST := $(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder -m "not slow and not browser"
# Byte code is kept, the rewritten assertions too: every process that a test starts reads it.
export PYTHONDONTWRITEBYTECODE :=

# What a change breaks first, and fast: floors, documents, language, pages, tables, the command line's habits.
QUICK := tests/test_architecture.py tests/test_packaging.py tests/test_documents.py tests/feasibility/test_codes.py \
	tests/reports/test_layout.py tests/reports/test_pictures.py tests/reports/test_site.py tests/reports/test_tables.py tests/cli/test_report.py

.PHONY: help setup demo gpu toy quick site coverage test test-all bench lint browser docs pictures self-gate clean
help:
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/'

setup: $(VENV)/.ready  ## a virtual environment with everything for tests

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	$(PIP) "torch==2.13.0"
	$(PIP) -e ".[models,exact,parquet,code,grid,dev]"
	touch $@

test: setup  ## the tests, about 7 minutes on two cores
	$(PYTEST)

quick: setup  ## the inner loop: ruff, floors, codes, pages, verdict tests that take no time; under half a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYTEST) -x $(QUICK)

coverage: setup  ## the tests with lines and branches counted, worker processes and commands too; slower than `make test`
	$(PYTEST) --cov --cov-report=html:.cache/coverage --cov-report=
	$(BIN)/coverage report

test-all: setup  ## the slow tests too
	$(BIN)/python -m pytest -m "not browser"

browser: setup  ## the tests that open the pages in Chromium
	$(BIN)/python -m pytest -m browser

lint: setup  ## ruff and mypy (strict for the package, tests and benchmarks too)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tests/check_types.py

bench: setup  ## the measurements that documents quote
	$(BIN)/python -m benchmarks

docs: setup  ## the generated pages
	$(BIN)/python docs/make_language.py
	$(BIN)/python docs/make_families.py

site: setup  ## the documentation site, in .cache/site
	$(PIP) -e ".[docs]"
	$(BIN)/python -m mkdocs build --strict

pictures: setup  ## the pictures of the README (needs Chromium)
	$(BIN)/python -m docs.make_pictures

self-gate: setup  ## scores stored outputs and holds every verdict against the committed ones
	rm -rf .cache/self-gate
	$(BIN)/pyrite score tests/gate/problems.jsonl tests/gate/outputs.jsonl --out .cache/self-gate
	$(BIN)/pyrite gate .cache/self-gate --baseline tests/gate/baseline.json --rules tests/gate/gate.toml

TOY_FAMILIES := transportation,assignment,capital-budgeting,cutting-stock,portfolio,advertising-mix,set-covering,blending,max-flow,transshipment

demo: setup  ## the main job: answer, tune, answer, score; 7 to 25 minutes on two idle cores
	$(BIN)/pyrite demo

TOY_PRETRAINING := --batch-tokens 1024 --threads 1 --exercises 1,900000:0.4,2024298:0.75 \
  --learning-rate 0.008,2024298:0.005 --families $(TOY_FAMILIES)
toy: setup  ## toys from scratch and all studies on them (methods, tasks, layers, scaling laws): some hours on one core
	$(BIN)/pyrite models scratch --out runs/toy --tokens 4360000 --cooldown 650000 $(TOY_PRETRAINING)
	$(BIN)/pyrite models shrink --model runs/toy --layers 2 --steps 0 --out runs/toy-cut --threads 1
	$(BIN)/pyrite tune toy-small --out runs/toy-small
	for width in 32 64 96 128; do \
	  $(BIN)/pyrite models scratch --out runs/ladder-$$width --width $$width --tokens 3700000 $(TOY_PRETRAINING) \
	    --checkpoints 1200000,1600000,2000000,2600000,3200000 || exit 1; \
	  $(BIN)/pyrite models scratch --out runs/ladder-$$width-again --seed 1 --width $$width --tokens 3700000 \
	    $(TOY_PRETRAINING) || exit 1; done
	for study in methods tasks layers scaling ladder emulated; do $(BIN)/pyrite study toy-$$study --out runs/study-toy-$$study || exit 1; done

gpu: setup  ## what only a GPU can tell: demo, ratios, bfloat16, part of the table; under ten minutes
	$(BIN)/python -m benchmarks gpu

clean:
	rm -rf $(VENV) .cache build dist *.egg-info
