# Everything runs in .venv, made from the hashed lock files the first time it is needed.

.DEFAULT_GOAL := help
.PHONY: help demo test tests quick pure fix lint types coverage mutants fuzz simulate chaos chaos-mutants
.PHONY: bench docs picture lock digests servers run-env dev-env clean

BIN := .venv/bin
NOT_QUICK := --ignore=tests/e2e --ignore=tests/sandbox --ignore=tests/fuzz --ignore=tests/chaos
PARALLEL := --numprocesses auto --dist worksteal

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: run-env ## Slack, Grok and the bot on this machine: prints the address of a page
	@exec $(BIN)/python -m bot demo

test: lint ## Lint, types and every test; make test ARGS='-k …' runs some
	@$(MAKE) --no-print-directory --jobs 2 types tests

tests: dev-env
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

quick: dev-env ## Lint, types and the tests that start no server, browser or process: a minute
	@$(MAKE) --no-print-directory --jobs 3 lint types pure

pure: dev-env
	@$(BIN)/python -m pytest -q $(PARALLEL) -m 'not integration and not slow' $(NOT_QUICK) $(ARGS)

fix: dev-env ## Mend style and order of imports where a tool can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lint: dev-env ## Style and common mistakes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: dev-env ## Types, strictly
	@$(BIN)/mypy

coverage: dev-env ## Which lines of bot/ the tests run, in every process they start
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest $(PARALLEL) $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

fuzz: dev-env ## Spoilt requests against a bot of its own; make fuzz SEED=… N=… (or ONLY=…)
	@exec $(BIN)/python -m tests.fuzz $(if $(SEED),--seed $(SEED)) $(if $(N),--n $(N)) \
		$(if $(ONLY),--only $(ONLY))

simulate: dev-env ## The bot under a clock of its own, schedule by schedule; make simulate SEEDS=…
	@exec $(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),1000)

chaos: dev-env ## Bots, sandbox and store, and everything goes wrong; make chaos SEEDS=200 (=7; ARGS='--store cluster --workspaces 3')
	@exec $(BIN)/python -m tests.chaos $(if $(SEEDS),--seeds $(SEEDS)) $(ARGS)

chaos-mutants: dev-env ## Break one guard at a time, and see that make chaos notices it
	@$(BIN)/python -m tests.chaos.mutants $(ARGS)

mutants: dev-env ## Plant faults, print those no test notices; make mutants ARGS='--seed 2'
	@$(BIN)/python -m tools.mutants $(ARGS)

bench: dev-env ## Measurements; make bench NAME=… runs one
	@exec $(BIN)/python -m bench $(NAME)

docs: dev-env ## Write the generated parts of the documentation again
	@$(BIN)/python -m tools.docs

picture: dev-env ## Take the pictures in the README again
	@$(BIN)/python -m tools.screenshot

servers: ## Install LiteLLM's proxy and llama-cpp-python's server, which some tests ask
	@sh tools/servers.sh

lock: ## Resolve the dependencies of pyproject.toml into the lock files
	@sh tools/lock.sh

digests: ## Pin the images of Dockerfile and compose.yaml (needs docker)
	@sh tools/digests.sh

clean: ## Remove .venv and caches; the data in .data stays
	rm -rf .venv .servers .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*

run-env:
	@sh tools/venv.sh requirements.lock

dev-env:
	@sh tools/venv.sh requirements-dev.lock
