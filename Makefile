# Everything there is to do with this repository. The work is done by config/embedded/bootstrap.py,
# which installs and builds what is missing first. ARGS are handed on: make test ARGS="-k webhook".
PYTHON ?= python3
ARGS ?=
DO = @exec "$(PYTHON)" -m config.embedded.bootstrap

.DEFAULT_GOAL := help
.PHONY: help run test fuzz check bench chaos lock

help: ## list what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 16

run: ## install what is missing, start AgentFlow, print where it is and how to sign in
	$(DO) run $(ARGS)

test: ## all tests: a browser and what kills things beside units and what starts processes
	$(DO) test $(ARGS)

fuzz: ## the tests that draw random inputs, with many more of them than `make test` draws
	$(DO) fuzz $(ARGS)

check: ## style, types, floors, templates, migrations, production settings
	$(DO) check

bench: ## measure, into docs/benchmarks.md
	$(DO) bench $(ARGS)

chaos: ## break everything in turn, into docs/reliability.md; one row: make chaos ONLY=R3
	$(DO) chaos $(if $(ONLY),--only $(ONLY)) $(ARGS)

lock: ## resolve dependencies anew
	$(DO) lock
