# Everything a newcomer needs: git, make and python3 must be there, the rest is installed into .venv.

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format bench docker generate clean

help: ## Show these targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/.installed-dev ## Install Patchwright and the tools of its developers into .venv.

demo: .venv/.installed-local ## Resolve the example's issue with the embedded model, live.
	$(BIN)/patchwright demo

test: install ## Check style, types and floors, and run every test (on Debian, as root, also installs an engine).
	scripts/test

lint: install ## Check style, types and floors only.
	scripts/lint

format: install ## Put the code into its one style.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## Measure a step's overhead, a sandbox's start, an edit with its checks, and long outputs.
	$(BIN)/python benchmarks/step_overhead.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/edit_lint.py
	$(BIN)/python benchmarks/output.py

docker: .venv/.installed-local ## Build the base image of the sandboxes.
	$(BIN)/python -m envs.images

generate: install ## Write agent.toml and docs/configuration.md anew.
	$(BIN)/python -m agent.settings

clean: ## Remove what the other targets made here; the model cache stays.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed-local: pyproject.toml scripts/install
	scripts/install local
	@touch $@

.venv/.installed-dev: pyproject.toml scripts/install
	scripts/install dev local
	@touch $@ .venv/.installed-local
