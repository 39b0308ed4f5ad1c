# What a person runs. `make demo` and `make test` set themselves up from the locked versions: only Python >= 3.11 and make are needed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
TOOLS  := .tools
CONTAINER ?= docker

.PHONY: help demo test long check format bench pictures log-events reference prism schedules simulate kills dist image sbom audit lock clean
help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10

demo: $(VENV)/.run ## do the main job on the built-in sandbox and say where the results are
	@$(BIN)/itsm-bridge demo --out demo

test: $(VENV)/.dev ## run every test; needs no network
	@$(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder --durations=25

long: $(VENV)/.dev ## the tests of random rules and tickets, 10,000 times instead of a few hundred
	@ITSM_BRIDGE_LONG=1 $(BIN)/python -m pytest -q -n 2 tests/proofs tests/rules/test_columns.py tests/conditions tests/sla/test_oracle.py \
		tests/analysis

check: $(VENV)/.dev ## lint, types, the import contract, and the shipped configuration
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/itsm-bridge check --strict
	@$(BIN)/itsm-bridge test

format: $(VENV)/.dev ## rewrite the code in the house's format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.bench ## the benchmarks, each beside a peer
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python -m benchmarks.$$(basename $$file .py) || exit 1; done

pictures: $(VENV)/.run ## render the demo's dashboard and workbook into docs/pictures; needs chromium, soffice and pdftoppm
	@docs/pictures/render.sh $(BIN)/python

schedules: $(VENV)/.dev ## play SEEDS (5000) random schedules of edits, moves, deletes and faults on each kind of source
	@SCHEDULES=$(or $(SEEDS),5000) $(BIN)/python -m pytest -q -n auto tests/end_to_end/test_schedules.py

simulate: $(VENV)/.dev ## simulate SEEDS (5000, in hundreds) schedules of people, faults and deaths in each mode, and 2,000 for each broken engine
	@SCHEDULES=$(or $(SEEDS),5000) $(BIN)/python -m pytest -q -n auto tests/simulation/test_calm.py tests/simulation/test_race.py
	@ITSM_BRIDGE_LONG=1 $(BIN)/python -m pytest -q -n auto tests/simulation/test_mutants.py

log-events: $(VENV)/.run ## write docs/log-events.md anew
	@$(BIN)/python -c "from itsm_bridge import events; print(events.page(), end='')" > docs/log-events.md

reference: log-events ## write all pages of docs/ that are made of the code anew
	@$(BIN)/itsm-bridge help --markdown > docs/codes.md
	@$(BIN)/itsm-bridge man > docs/itsm-bridge.1
	@$(BIN)/python -m itsm_bridge.config.schema.reference > docs/configuration.md
	@$(BIN)/python -m itsm_bridge.cli.tables_page > docs/tables.md

kills: $(VENV)/.dev ## KILLS (250) kills each of sync and of run, and 20 crowds of 50 runs started at once; wants an idle machine
	@KILLS=$(or $(KILLS),250) CROWD=50 ROUNDS=20 $(BIN)/python -m pytest -q -s tests/end_to_end/test_kill.py tests/end_to_end/test_crowd.py

prism: $(VENV)/.dev ## hold what the Jira connector sends against Atlassian's document with Prism; needs npm and a network
	@$(BIN)/python -m tests.contract.prism

dist: $(VENV)/.run ## build the wheel and the sdist into dist/, with the locked hatchling
	@$(BIN)/python -m hatchling build -d dist

image: ## build the container image with CONTAINER (docker; podman does too); needs a network
	$(CONTAINER) build -f Containerfile -t itsm-bridge .

sbom: $(TOOLS)/.tools ## list the locked run-time packages, and those of the extra, with their hashes in dist/*.cdx.json (CycloneDX)
	@mkdir -p dist
	@for lock in run postgres; do $(TOOLS)/bin/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml \
		--output-reproducible --of JSON -o dist/itsm-bridge-$$lock.cdx.json requirements/$$lock.lock || exit 1; done
	@ls dist/*.cdx.json

audit: $(TOOLS)/.tools ## ask for known vulnerabilities of the locked run-time packages; needs a network, and fails where one was not looked up
	@for lock in run postgres; do $(TOOLS)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
		-r requirements/$$lock.lock || exit 1; done

lock: ## write the lock files anew from pyproject.toml (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements/build.in -o requirements/build.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements/run.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev --extra postgres \
		-c requirements/run.lock -c requirements/build.lock pyproject.toml -o requirements/dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev --extra postgres --extra bench \
		-c requirements/dev.lock pyproject.toml -o requirements/bench.lock
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["postgres"], sep="\n")' \
		| uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		-c requirements/dev.lock - -o requirements/postgres.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements/tools.in -o requirements/tools.lock

clean: ## remove what make made
	rm -rf $(VENV) $(TOOLS) demo dist build

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit("itsm-bridge needs Python 3.11 or later, this is " + sys.version.split()[0] + "; say PYTHON=... make ...") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# ijson, which pysnow pins, ships as source only: it is built with the locked setuptools, hence no build isolation.
$(VENV)/.run: $(VENV)/.python requirements/build.lock requirements/run.lock pyproject.toml
	@echo "Installing the locked packages into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements/build.lock
	@$(PIP) install --require-hashes --no-build-isolation -r requirements/run.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements/bench.lock
	@echo "Installing the peers of the benchmarks into $(VENV) ..."
	@$(PIP) install --require-hashes --no-build-isolation -r requirements/bench.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.lock
	@echo "Installing the locked development packages into $(VENV) ..."
	@$(PIP) install --require-hashes --no-build-isolation -r requirements/dev.lock
	@touch $@

# What looks at the locked packages has dependencies of its own, which must not move theirs: hence another environment.
$(TOOLS)/.tools: requirements/tools.lock
	@echo "Installing the locked tools into $(TOOLS) ..."
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/tools.lock
	@touch $@
