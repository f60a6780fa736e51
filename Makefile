# Works on a bare machine with Python >= 3.11 and make: the targets bootstrap what they need (see scripts/setup.sh).
SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
SETUP := scripts/setup.sh
LOCK := pip compile --universal --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet

# Handed to the recipes through the environment, so that quotes in them need no care.
export PYTHON
REQUEST ?= Plan a mountain trip for Saturday: check the weather, search for lodging, add it to my calendar and remind me an hour before
LOCATION ?= Zürich
override export REQUEST := $(value REQUEST)
override export LOCATION := $(value LOCATION)
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.NOTPARALLEL:
.PHONY: help setup ask test lint types layers unit example-dscr crash-test bench-store bench-requests bench-router bench-guard bench-learning bench-http bench-builder bench-improver bench-week fit-router fit-word-vectors format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv with everything a developer needs, and install system parts where that is allowed
	@$(SETUP) dev
	@$(SETUP) system

ask: ## run the main job on a sample request (or another: REQUEST="…" LOCATION="…" ARGS="…")
	@$(SETUP) runtime
	@$(BIN)/agent-supervisor ask --location "$$LOCATION" $(ARGS) -- "$$REQUEST"

test: lint types layers unit ## every check: ruff, pyright, import-linter, tests

lint: ## ruff: rules and format
	@$(SETUP) dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: ## pyright, strict
	@$(SETUP) dev
	$(BIN)/pyright

layers: ## import-linter: each layer imports only what stands below it
	@$(SETUP) dev
	$(BIN)/lint-imports

unit: ## the tests (a part of them: make unit ARGS="tests/events -k conflict")
	@$(SETUP) dev
	$(BIN)/pytest $(ARGS)

example-dscr: ## build DSCR agents on a PostgreSQL of their own, and ask them
	@$(SETUP) dev
	@$(BIN)/python examples/dscr/run.py

crash-test: ## kill processes that write, N times (default 200), and look for anything lost, doubled or falsely done
	@$(SETUP) dev
	@$(BIN)/python -m tests.crash --kills $(or $(N),200) --keep .crash-test $(ARGS)

bench-store: ## measure the event store: ratios beside their goals (options: ARGS="…", such as "--grow 1000000")
	@$(SETUP) dev
	$(BIN)/python -m benchmarks.bench_store $(ARGS)

bench-requests: ## measure whole requests: 200 at once by kind, one by one, both engines (options: ARGS="…")
	@$(SETUP) dev
	$(BIN)/python -m benchmarks.bench_requests $(ARGS)

bench-router: ## measure the router on labelled rows (ROWS=file.jsonl or .jsonl.gz; options: ARGS="…")
	@$(SETUP) dev
	@test -n "$(ROWS)" || { echo "name the labelled rows: make bench-router ROWS=rows.jsonl" >&2; exit 2; }
	$(BIN)/python -m benchmarks.bench_router "$(ROWS)" $(ARGS)

bench-guard: ## simulate the guard of flags (options: ARGS="--runs 200")
	@$(SETUP) dev
	$(BIN)/python -m benchmarks.bench_guard $(ARGS)

bench-learning: ## simulate trials, and measure what is learned from traces (TRACES="file.jsonl.gz …")
	@$(SETUP) dev
	$(BIN)/python -m benchmarks.bench_trials
	@test -n "$(TRACES)" || { echo "name files of traces for the rest: make bench-learning TRACES=traces.jsonl.gz" >&2; exit 2; }
	$(BIN)/python -m benchmarks.bench_patterns $(TRACES)
	$(BIN)/python -m benchmarks.bench_guidelines $(TRACES)
	$(BIN)/python -m benchmarks.bench_prediction $(TRACES)

bench-http: ## measure the HTTP API: reads beside open streams, and how long stopping takes (options: ARGS="…")
	@$(SETUP) dev
	$(BIN)/python -m benchmarks.bench_http $(ARGS)

bench-builder: ## build and ask 50 agents (options: ARGS="--twice --only ltv")
	@$(SETUP) dev
	$(BIN)/python -m benchmarks.bench_builder $(ARGS)

bench-improver: ## inefficient agents mended, and changes without effect refused (options: ARGS="--only corpus")
	@$(SETUP) dev
	$(BIN)/python -m benchmarks.bench_improver $(ARGS)

bench-week: ## a week of evolution, clock and people simulated, all else real (options: ARGS="--folder DIR --json")
	@$(SETUP) dev
	$(BIN)/python -m benchmarks.simulated_week $(ARGS)

fit-router: ## learn the router's shipped weights anew, after a change of examples, phrasings or features
	@$(SETUP) dev
	$(BIN)/python -m roles.scorer.fit

fit-word-vectors: ## make the shipped word vectors of tool selection anew (ARGS="--keep FOLDER" goes on where it was)
	@$(SETUP) dev
	$(BIN)/python -m llm_provider.word_vectors_fit $(ARGS)

format: ## write what ruff would
	@$(SETUP) dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## refresh the pins (UPGRADE=--upgrade takes the newest versions)
	@uv=$$($(SETUP) uv) && set -x && \
	$$uv $(LOCK) $(UPGRADE) pyproject.toml --group build --output-file requirements.lock && \
	$$uv $(LOCK) $(UPGRADE) pyproject.toml --group dev --all-extras --constraint requirements.lock --output-file requirements-dev.lock && \
	$$uv $(LOCK) $(UPGRADE) --group mcp-time --output-file requirements-mcp-time.lock && \
	$$uv $(LOCK) $(UPGRADE) --group uv --output-file requirements-uv.lock

clean: ## remove what set-up and checks made (data stays)
	rm -rf .venv .tools supervisor/dashboard/vendor .crash-test build dist .pytest_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
