# Requires only make and Python 3.11 or later; everything else is installed into .venv, locked by hash.
# `make` alone lists the targets.

.DEFAULT_GOAL := help
.PHONY: help run test test-pythons targets check format words bench simulate fuzz chaos acidrain looks screens access lighthouse validate audit art lock clean setup dev

VENV := .venv/bin
# Modules and tests are compiled once, not by every process.
unexport PYTHONDONTWRITEBYTECODE
PYTHON311 ?= python3.11

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## Serve the shop at http://127.0.0.1:8000 (.env.example lists the settings)
	@exec $(VENV)/shop run

test: dev check ## Check and test everything
	@CHROMIUM_PATH="$$($(VENV)/python bin/browser.py)" || exit 1; export CHROMIUM_PATH; \
		exec $(VENV)/python -m pytest -n 3 --dist loadfile # more than the two cores of CI: the tests wait a third of the time

targets: dev ## Test the targets that make test does not run, as short as possible, in a fresh clone
	@CHROMIUM_PATH="$$($(VENV)/python bin/browser.py)" || exit 1; export CHROMIUM_PATH; \
		exec $(VENV)/python -m pytest --durations=0 --durations-min=1 tests/house/targets.py

test-pythons: dev ## Run the unit tests on every other Python of this machine; on the newest also the web and contract tests, with coverage
	@exec bin/test-pythons

check: dev ## Check formatting, lint, types, imports between packages, templates, styles and scripts, links in the docs
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy
	$(VENV)/lint-imports --no-logo
	$(VENV)/djlint templates --lint --quiet
	bin/lint_static
	$(VENV)/python bin/check_links.py

format: dev ## Format the code and apply ruff's automatic fixes
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .

words: dev ## Update the translation catalogues from the shop's messages (docs/languages.md); FORGET=1
	$(VENV)/python bin/words.py $(if $(FORGET),--forget)

bench: dev ## Run the benchmarks, which print a table each; SHORT=1 only checks that they run
	@for file in tests/bench/bench_*.py; do \
		$(VENV)/python -m "tests.bench.$$(basename "$$file" .py)" || exit 1; \
	done

simulate: dev ## Play faults on simulated servers and report any violation; SEEDS=20000 FAMILY=loss, or SEED=7 with its trace
	@exec env PYTHONHASHSEED=0 $(VENV)/python -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(FIRST),--first $(FIRST)) $(if $(FAMILY),--family $(FAMILY))

fuzz: dev ## Send odd requests to every URL and report any that gets a 5xx; EXAMPLES=1000 for each URL, SEED=7
	@exec env FUZZ_EXAMPLES=$(or $(EXAMPLES),200) FUZZ_SEED=$(or $(SEED),1) $(VENV)/pytest -q -n 0 tests/web/http/test_any_input.py

chaos: dev ## Break real servers under load and report any loss; ONLY=hung,kill SECONDS=10
	@exec $(VENV)/python -m tests.chaos.table --only "$(ONLY)" $(if $(SECONDS),--seconds $(SECONDS))

acidrain: dev ## Attack invariants with parallel orders and report violations; ONLY=last,coupon SHORT=1
	@exec $(VENV)/python -m tests.chaos.acidrain --only "$(ONLY)" $(if $(SHORT),--few)

looks: dev ## Retake the reference screenshots of the tests; review the differences before you commit; ONLY=home
	@CHROMIUM_PATH="$$($(VENV)/python bin/browser.py)" || exit 1; export CHROMIUM_PATH; \
		exec $(VENV)/python -m pytest -q tests/e2e/test_looks.py --renew-looks $(if $(ONLY),-k "$(ONLY)")

screens: dev ## Retake the screenshots in docs/screens; ONLY="cart drawer"
	@CHROMIUM_PATH="$$($(VENV)/python bin/browser.py)" || exit 1; export CHROMIUM_PATH; \
		exec $(VENV)/python -m tests.audits.screens $(ONLY)

lighthouse: dev tests/audits/node_modules ## Run Lighthouse for a phone on four pages; needs Node.js; RUNS=1 ONLY=home
	@CHROMIUM_PATH="$$($(VENV)/python bin/browser.py)" || exit 1; export CHROMIUM_PATH; \
		exec $(VENV)/python -m tests.audits.lighthouse $(if $(RUNS),--runs $(RUNS)) $(ONLY)

access: dev ## Run axe on every page and state at three widths, light and dark; ONLY="cart drawer"
	@CHROMIUM_PATH="$$($(VENV)/python bin/browser.py)" || exit 1; export CHROMIUM_PATH; \
		exec $(VENV)/python -m tests.audits.access $(ONLY)

validate: dev tests/audits/node_modules ## Run the W3C's Nu Html Checker on every page and state; needs Node.js and Java; ONLY="cart drawer"
	@CHROMIUM_PATH="$$($(VENV)/python bin/browser.py)" || exit 1; export CHROMIUM_PATH; \
		exec $(VENV)/python -m tests.audits.validate $(ONLY)

tests/audits/node_modules: tests/audits/package-lock.json
	npm ci --prefix tests/audits
	@touch $@

art: .venv-art ## Render the product photos that are missing from art/out, and encode them; NAMES="tide-mug-*"; needs Python 3.11
	.venv-art/bin/python -m art $(NAMES)
	.venv-art/bin/python -m art.encode

.venv-art: pyproject.toml
	$(PYTHON311) -m venv .venv-art
	.venv-art/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-art/bin/python -m pip install --quiet --group art
	@touch $@

audit: dev ## Check the locked packages for known vulnerabilities
	$(VENV)/pip-audit --strict --require-hashes --disable-pip -r requirements.lock

lock: dev ## Update the locks from pyproject.toml; UPGRADE=1 takes the newest versions
	bin/lock $(if $(UPGRADE),--upgrade)

clean: ## Remove .venv, caches and builds, but keep the data in var/
	rm -rf .venv .venv-art .venv-3.* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	find shop tests migrations bin -name __pycache__ -prune -exec rm -rf {} +

setup:
	@bin/setup

dev:
	@bin/setup dev
