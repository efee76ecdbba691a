# make demo | test | bench | lint: each installs what it needs into .venv. Only Python 3.11 and make are expected.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help demo test bench faults lint format lock clean

help: ## show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# A uv on the path is used; otherwise one is installed into the environment itself.
$(VENV)/.installed: pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null || test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	@PATH="$(PATH):$(BIN)" uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@PATH="$(PATH):$(BIN)" uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

demo: $(VENV)/.installed ## everything on this machine, with a simulated fleet (ARGS="--seconds 45")
	@$(BIN)/python -m api.map.build
	@$(BIN)/amanzhol demo $(ARGS)

test: $(VENV)/.installed ## every test (ARGS="-k locating" for some)
	@$(BIN)/python -m api.map.build
	@$(BIN)/python -m pytest $(ARGS)

bench: $(VENV)/.installed ## measure, and compare with the floor in the same run
	@$(BIN)/python -m tests.bench $(ARGS)
	@$(BIN)/python -m tests.bench.restore
	@$(BIN)/python -m tests.bench.locating
	@$(BIN)/python -m tests.bench.gateway
	@$(BIN)/python -m tests.bench.api

faults: $(VENV)/.installed ## every event once, whatever fails: up to an hour, Linux, root for the full disk
	@$(BIN)/python -m tests.simulation --seeds 5000
	@$(BIN)/python -m tests.faults --report docs/faults.md $(ARGS)
	@$(BIN)/python -m tests.devices.publisher

lint: $(VENV)/.installed ## ruff and mypy, as CI runs them
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.installed ## let ruff put the files in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## resolve the dependencies anew into requirements.lock
	@PATH="$(PATH):$(BIN)" uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --group dev \
		--no-header --no-emit-package amanzhol pyproject.toml -o requirements.lock
	@PATH="$(PATH):$(BIN)" uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-package amanzhol -c requirements.lock pyproject.toml -o requirements-run.lock
	@$(PYTHON) -c "import tomllib; print(*tomllib.load(open('pyproject.toml','rb'))['build-system']['requires'], sep='\n')" | \
		PATH="$(PATH):$(BIN)" uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		- -o deploy/image/build.lock

clean: ## forget the environment and what the demo left behind
	rm -rf $(VENV) .amanzhol api/map/dist
