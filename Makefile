# The one list of commands. `make help` prints it.
PYTHON ?= python3
VENV   ?= .venv
STORE  ?= build/store
HOST   ?= 127.0.0.1
PORT   ?= 8000
BIN    := $(VENV)/bin
UV     := $(BIN)/uv

.DEFAULT_GOAL := help
.PHONY: help install serve build test lint check fix data terms syntax accept score spark wheel bench clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## install everything into .venv, at the locked versions

$(VENV)/.installed: pyproject.toml uv.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet 'uv==0.13.9'
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --frozen --quiet --inexact
	touch $@

build: install ## validate the graph and build the store
	$(BIN)/conflictkg build --store $(STORE)

serve: build ## install, build, validate and serve the graph
	$(BIN)/conflictkg serve --store $(STORE) --host $(HOST) --port $(PORT)

test: install ## install and run the tests
	$(BIN)/python -m pytest

lint: install ## check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test ## everything CI runs

fix: install ## mend what can be mended by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

terms: install ## write src/conflictkg/terms.py from the ontology
	$(BIN)/python tools/generate_terms.py

syntax: install ## write the parse tables of SPARQL from its grammar
	$(BIN)/python tools/generate_syntax_tables.py

data: install ## convert the registry and the reviewed annotations again
	$(BIN)/conflictkg convert entities data/entities -o data/ttl/entities.ttl
	for file in data/annotations/*.json; do \
	  $(BIN)/conflictkg convert article $$file -o data/ttl/$$(basename $$file .json).ttl || exit 1; \
	done

accept: install ## write what a source's examples are converted to as expected: make accept SOURCE=ucdp-ged
	$(BIN)/python tools/accept_conversions.py $(SOURCE)

spark: install ## test what runs on Apache Spark: fetches it (450 MB), and needs Java 17 or 21
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --frozen --quiet --inexact --extra spark
	$(BIN)/python -m pytest tests/test_spark.py

score: install ## score the rules against an answer key: make score ARTICLE=… KEY=…
	$(BIN)/conflictkg extract $(ARTICLE) --score $(KEY)

wheel: install ## build the wheel, install it into an empty environment and use it from another folder
	rm -rf build/wheel && mkdir -p build/wheel/elsewhere
	$(UV) build --quiet --wheel --out-dir build/wheel
	$(UV) export --frozen --no-dev --no-emit-project --quiet -o build/wheel/requirements.txt
	$(PYTHON) -m venv build/wheel/env
	$(UV) pip install --quiet --python build/wheel/env -r build/wheel/requirements.txt
	$(UV) pip install --quiet --python build/wheel/env --no-deps build/wheel/*.whl
	cd build/wheel/elsewhere && ../env/bin/conflictkg build --store store \
	  && ../env/bin/conflictkg query --store store --name leaders-of-organization

BENCH_SIZES   ?= 3500000
BENCH_ENGINES ?= ours,pyoxigraph,virtuoso

bench: install ## measure against pyoxigraph and Virtuoso (Debian's virtuoso-opensource-7): benchmarks/README.md
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --frozen --quiet --inexact --group bench
	$(BIN)/python benchmarks/run.py --sizes $(BENCH_SIZES) --engines $(BENCH_ENGINES) -o build/bench/results.json
	$(BIN)/python benchmarks/report.py build/bench/results.json -o build/bench/report.md --picture build/bench/growth.png

clean: ## remove what was built
	rm -rf build $(VENV)
