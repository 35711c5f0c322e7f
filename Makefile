# hwflow: `make demo` trains, builds and verifies a design; `make test` runs the tests. Both set up what they need.

PYTHON ?= python3
VENV   ?= .venv
MODEL  ?= jet_tagger
BOARD  ?= vcu118
CLOCK  ?= 200
BUDGET ?= 2
VECTORS ?= 1000
BUILD  ?= build/demo
RUN    ?= build/run-$(MODEL)

BIN    := $(VENV)/bin
HWFLOW := $(BIN)/hwflow
STAMP  := $(VENV)/.hwflow-ready
DEV    := $(VENV)/.hwflow-dev-ready

.PHONY: demo test csim check report lint bench clean help

help: ## show the targets and their variables
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10
	@echo "Variables: MODEL=$(MODEL) BOARD=$(BOARD) CLOCK=$(CLOCK) (MHz) BUDGET=$(BUDGET) (us) VECTORS=$(VECTORS) BUILD=$(BUILD)"

demo: $(STAMP) ## train MODEL, export it, build it for BOARD, verify it and write a report
	$(HWFLOW) train $(MODEL) --output $(RUN)
	$(HWFLOW) export $(RUN)
	$(HWFLOW) build $(RUN)/model.onnx --data $(RUN)/evaluation.npz --output $(BUILD) \
		--board $(BOARD) --clock $(CLOCK) --latency-budget $(BUDGET)
	$(HWFLOW) csim $(BUILD) --vectors $(VECTORS)
	@echo "Report: $(abspath $(BUILD))/report.html"

test: $(DEV) ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

csim: $(STAMP) ## C simulation of BUILD against onnxruntime
	$(HWFLOW) csim $(BUILD) --vectors $(VECTORS)

check: $(STAMP) ## the gates of BUILD: exit 2 if one failed
	$(HWFLOW) check $(BUILD)

report: $(STAMP) ## write BUILD/report.html again
	$(HWFLOW) report $(BUILD)

lint: $(DEV) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP) ## print the figures of benchmarks/
	for each in benchmarks/bench_*.py; do $(BIN)/python $$each || exit 1; done

clean: ## remove what demo built (not the environment)
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[brevitas,rtl]'
	@touch $@

$(DEV): $(STAMP)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@
