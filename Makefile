# Everything is done by config/stack, in Python: see `python3 config/stack --help`.
PYTHON ?= python3
STACK = $(PYTHON) config/stack

.PHONY: help up down status logs clean clean-env test check test-full bench-threads bench-licences bench-feeds bench-harvest faults lint locks i18n

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

up: ## Set everything up and start it (PORT=5000, PARTICIPATION_HOME=var)
	@$(STACK) up

down: ## Stop everything; state is kept
	@$(STACK) down

status: ## Say what runs and whether the site answers
	@$(STACK) status

logs: ## Show the ends of all logs
	@$(STACK) logs

clean: ## Stop everything and delete the state
	@$(STACK) clean

clean-env: ## Delete .venv and Solr's jars, so that the next command fetches them again
	rm -rf .venv solr/target

test: ## All tests, lint and browser included, on throw-away services (BROWSER=none leaves the browser out)
	@$(STACK) test

check: ## The inner loop: no browser, no whole stacks, three cases of each table of cases
	@$(STACK) check -- --ignore=tests/browser --ignore=tests/system --ignore=tests/solr -m "not slow" --sample 3

test-full: ## All combinations of language, width and JavaScript
	@FULL=1 $(STACK) test

bench-threads: ## What conversations cost, beside stock CKAN in the same run (QUICK=1: two minutes, at most 5,000 messages)
	@$(STACK) bench threads

bench-licences: ## What the recogniser makes of every labelled licence statement, and what one costs (no services)
	@$(STACK) bench licences

bench-feeds: ## What building the whole catalogue's files costs, beside ckanext-dcat's pages (QUICK=1: two minutes, 2,000 datasets)
	@$(STACK) bench feeds

bench-harvest: ## What harvesting costs, beside ckanext-harvest's and ckanext-dcat's own harvesters (QUICK=1: two minutes, 400 datasets)
	@$(STACK) bench harvest

faults: ## Kill, hang, lie to and lead astray what can be, then look what was lost, doubled or reached (QUICK=1: twelve minutes)
	@$(STACK) faults

lint: ## ruff, pyright, import-linter, yamllint
	@$(STACK) lint

locks: ## Resolve requirements/*.in again, with hashes
	.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --override requirements/overrides.txt requirements/run.in -o requirements/run.txt
	.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --override requirements/overrides.txt requirements/dev.in -c requirements/run.txt -o requirements/dev.txt

i18n: ## Extract texts, merge them into the French catalogue and compile it
	.venv/bin/python ckanext-participation/i18n.py
