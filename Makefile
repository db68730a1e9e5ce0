# Everything a developer or an operator types. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

# A Python named on the command line decides; the default one does not throw away an environment that exists.
ifeq ($(origin PYTHON),file)
KEEP := --keep-interpreter
endif

INSTALL = command -v "$(PYTHON)" >/dev/null 2>&1 \
	|| { echo "There is no $(PYTHON) here. Install it, then repeat:"; echo "    apt-get install -y python3 python3-venv"; exit 1; }; \
	"$(PYTHON)" requirements/install.py $(KEEP)

.DEFAULT_GOAL := help
.PHONY: help demo forget install clean

help: ## List the targets
	@echo "Tessera: make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) \
		| while IFS='|' read -r name what; do printf '  %-10s %s\n' "$$name" "$$what"; done

demo: ## Start everything here and seed five chains; PORT=8000, DATA=var/demo, PYTHON=python3 choose others
	@$(INSTALL) base
	@exec $(RUN) -m embedded $(if $(PORT),--port "$(PORT)") $(if $(DATA),--data "$(DATA)")

forget: ## Delete the demo's data (DATA=var/demo); the next demo begins afresh
	@$(INSTALL) base
	@exec $(RUN) -m embedded --remove $(if $(DATA),--data "$(DATA)")

install: ## Make .venv with everything that tests and checks need
	@$(INSTALL) dev

clean: ## Delete what other targets made (.venv, caches, collected files); the demo's data stays
	rm -rf $(VENV) build dist static bars.json .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

test: ## Checks, then every test; the last line says what could not run here
	@$(INSTALL) dev
	@exec $(RUN) -m tests.run $(ARGS)

check: ## Format, lint, types, layers, missing migrations, translations
	@$(INSTALL) dev
	@exec $(RUN) -m tests.run --checks-only

format: ## Let ruff write the code's format
	@$(INSTALL) dev
	@$(VENV)/bin/ruff format -q . && $(VENV)/bin/ruff check -q --fix .

mutants: ## Take each bar's guard away and see that the bar turns red
	@$(INSTALL) dev
	@exec $(RUN) -m pytest -q -m mutant $(ARGS)

bars: ## The bars of docs/quality.md in full size; writes bars.json and the README's table
	@$(INSTALL) dev
	@exec $(RUN) -m bench.bars $(ARGS)

bench: ## Performance as ratios side by side in one run; FULL=1 for a thousand chains
	@$(INSTALL) dev
	@exec $(RUN) -m bench $(if $(FULL),--full)

lock: ## Write the lock files anew from requirements/*.in (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url requirements/base.in -o requirements/base.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url requirements/dev.in -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url requirements/bench.in -o requirements/bench.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-package django-jquery-js requirements/bench-pretix.in -o requirements/bench-pretix.txt

.PHONY: test check format mutants bars bench lock
