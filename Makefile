# hwflow: `make demo` trains, builds and verifies a design; `make test` runs the tests. Both set up what they need.

PYTHON ?= python3
VENV   ?= .venv
MODEL  ?= jet_tagger
FRAMEWORK ?= brevitas
UNROLLED := $(filter unrolled,$(STYLE))
IMAGES := $(filter shvit%,$(MODEL))
SPEECH := $(filter folded_asr%,$(MODEL))
BOARD  ?= $(if $(IMAGES)$(SPEECH),kv260,vcu118)
CLOCK  ?= 200
BUDGET ?= $(if $(SPEECH),16000,$(if $(IMAGES),1000,2))
VECTORS ?= 1000
FRAMES ?= $(if $(IMAGES)$(SPEECH),10,100)
TOOL   ?= auto
STYLE  ?= streaming
BUILD  ?= build/$(MODEL)-$(FRAMEWORK)-$(BOARD)$(UNROLLED:%=-%)
RUN    ?= build/run-$(MODEL)-$(FRAMEWORK)

BIN    := $(VENV)/bin
HWFLOW := $(BIN)/hwflow
STAMP  := $(VENV)/.hwflow-ready
DEV    := $(VENV)/.hwflow-dev-ready

# TensorFlow is 2 GB: only those who train with it get it.
TRAINING := $(if $(filter qkeras,$(FRAMEWORK)),$(VENV)/.hwflow-qkeras-ready)
SYMBOLIC := $(UNROLLED:%=$(VENV)/.hwflow-%-ready)

.PHONY: demo design test nightly emulated csim cosim synth check report corruption lint bench clean help

help: ## show the targets and their variables
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10
	@echo "Variables: MODEL=$(MODEL) FRAMEWORK=$(FRAMEWORK) BOARD=$(BOARD) CLOCK=$(CLOCK) (MHz) BUDGET=$(BUDGET) (us) VECTORS=$(VECTORS) FRAMES=$(FRAMES) TOOL=$(TOOL) STYLE=$(STYLE) BUILD=$(BUILD)"

demo: design ## train MODEL, export it, build it for BOARD, verify C++ and RTL, write a report
	$(if $(UNROLLED),,$(HWFLOW) csim $(BUILD) --vectors $(VECTORS))
	$(HWFLOW) cosim $(BUILD) --frames $(FRAMES)
	@echo "Report: $(abspath $(BUILD))/report.html"

design: $(STAMP) $(TRAINING) $(SYMBOLIC) ## train MODEL, export it, build it for BOARD
	$(HWFLOW) train $(MODEL) --framework $(FRAMEWORK) --output $(RUN)
	$(HWFLOW) export $(RUN)
	$(HWFLOW) build $(RUN)/model.onnx --data $(RUN)/evaluation.npz --output $(BUILD) \
		--board $(BOARD) --clock $(CLOCK) --latency-budget $(BUDGET) --style $(STYLE)

test: $(DEV) ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

nightly: $(DEV) ## the long checks: 10,000 random models on all rungs, mutants of the importer, the corruption table
	$(HWFLOW) fuzz --count 10000 --output build/fuzz
	$(HWFLOW) fuzz --source brevitas --count 200 --output build/fuzz-brevitas
	$(HWFLOW) fuzz --source qkeras --count 200 --output build/fuzz-qkeras
	$(BIN)/python benchmarks/bench_mutants.py
	$(MAKE) corruption

emulated: $(DEV) ## compare the bits that must be the same everywhere with older processors, by qemu-user
	$(BIN)/python -m tests.portability.emulated

csim: $(STAMP) built ## C simulation of BUILD against onnxruntime
	$(HWFLOW) csim $(BUILD) --vectors $(VECTORS)

cosim: $(STAMP) built ## simulate the RTL of BUILD with Verilator, with stalls and resets
	$(HWFLOW) cosim $(BUILD) --frames $(FRAMES)

synth: $(STAMP) built ## synthesise BUILD with TOOL: auto, vitis, vivado or yosys
	$(HWFLOW) synth $(BUILD) --tool $(TOOL)

.PHONY: built
built: $(STAMP)
	@test -f $(BUILD)/build.json || $(MAKE) design

check: $(STAMP) ## the gates of BUILD: exit 2 if one failed
	$(HWFLOW) check $(BUILD)

report: $(STAMP) ## write BUILD/report.html again
	$(HWFLOW) report $(BUILD)

corruption: $(STAMP) built ## corrupt copies of BUILD, one thing at a time: exit 2 if nobody notices
	$(BIN)/python -m hwflow.corruption $(BUILD)

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

$(VENV)/.hwflow-qkeras-ready $(VENV)/.hwflow-unrolled-ready: $(VENV)/.hwflow-%-ready: $(STAMP)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[$*]'
	@touch $@

$(DEV): $(STAMP)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@
