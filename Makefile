# Every target first makes the virtual environment that it needs, from the hash-locked requirements/;
# the second time that takes nothing.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PYTHON := $(VENV)/bin/python
UV ?= $(or $(shell command -v uv),build/tools/bin/uv)
GROUPS := kit backend recurring-task notification audit frontend local infra test
COMPILE = $(UV) pip compile --quiet --generate-hashes --no-header --no-emit-index-url --python-version 3.11

.PHONY: help
help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo 'Settings of `make up`, as in `make up PORT=9000`: PORT, DATA, RESET=1, RUNTIME, AUTH, … (README.md)'

# The page is built anew when its sources, its lock file or the contract changed. Without Node all else works.
WEB := services/frontend/web
NPM := $(shell command -v npm)
NODE_WANTED := process.exit(process.versions.node.split('.')[0] >= 20 ? 0 : 1)

.PHONY: up
up: $(VENV)/.local page ## start the platform on this machine, until Ctrl-C
	@$(PYTHON) -m infra.local

.PHONY: page
ifeq ($(and $(NPM),$(shell node -e "$(NODE_WANTED)" 2>/dev/null && echo new)),)
page: ## build the page that people see
	@echo 'The page is not built: it needs Node 20.9 or newer with npm. All else runs; install Node and start again.'
else
page: $(WEB)/out/.built
endif

$(WEB)/node_modules/.installed: $(WEB)/package-lock.json
	@echo 'installing $(WEB)/package-lock.json'
	@npm --prefix $(WEB) ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(WEB)/out/.built: $(WEB)/node_modules/.installed contracts/backend-api.yaml $(shell find $(WEB)/src $(WEB)/public \
		$(WEB)/scripts $(WEB)/*.json $(WEB)/next.config.ts -type f -not -name schema.ts)
	@echo 'building the page (about half a minute)'
	@NEXT_TELEMETRY_DISABLED=1 npm --prefix $(WEB) run --silent build
	@touch $@

.PHONY: web
web: $(WEB)/node_modules/.installed ## check the page: format, style, types and its tests
	@npm --prefix $(WEB) run --silent lint
	@npm --prefix $(WEB) run --silent test

.PHONY: engines
engines: $(VENV)/.local ## build the real engines that `make up RUNTIME=dapr` starts: Dapr, Kafka, PostgreSQL
	@$(PYTHON) -m infra.local.engines

.PHONY: images
images: page ## build the image of each service; IMAGES, TAG, BASE_IMAGE, PUSH=1, … (infra/images.sh)
	@infra/images.sh

.PHONY: minikube
minikube: ## the whole platform on Minikube, from nothing to a URL; DRY_RUN=1 says what it does (infra/minikube.sh)
	@infra/minikube.sh

.PHONY: preview
preview: $(VENV)/.test ## show what a stack would make, offline: STACK=gke [BASE=git-ref] [OUT=folder]
	@$(PYTHON) -m infra.preview '$(STACK)' $(if $(OUT),--out '$(OUT)') $(if $(BASE),--base '$(BASE)') \
		$(if $(COMMENT),--comment '$(COMMENT)')

.PHONY: test
test: $(VENV)/.test ## run the tests; ARGS are pytest's
	@$(PYTHON) -m pytest $(ARGS)

.PHONY: test-cluster
test-cluster: $(VENV)/.test ## put both stacks before a real Kubernetes; KUBECONFIG of any cluster, else one is started
	@tests/cluster/run.sh $(ARGS)

.PHONY: lint
lint: $(VENV)/.lint ## check format, style and types
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m mypy

.PHONY: lint-files
lint-files: $(VENV)/.lint ## check shell scripts, YAML, the Dockerfile and the workflows
	@.ci/lint_files

.PHONY: format
format: $(VENV)/.lint ## format the code, and mend what can be mended
	@$(PYTHON) -m ruff check --fix-only --quiet
	@$(PYTHON) -m ruff format

.PHONY: bench
bench: $(VENV)/.test ## measure the platform beside the plain way to write it
	@PYTHONPATH=tests $(PYTHON) -m bench $(ARGS)

.PHONY: bench-web
bench-web: $(VENV)/.test ## measure the page in Chromium, slowed down to a mid-range phone
	@PYTHONPATH=tests $(PYTHON) -m bench.web $(ARGS)

.PHONY: pictures
pictures: $(VENV)/.test ## take the pictures of docs/images anew, in Chromium
	@PYTHONPATH=tests $(PYTHON) -m browser.pictures

.PHONY: faults
faults: $(VENV)/.test ## kill, pause and starve the parts under 10,000 changes; writes docs/reliability.md
	@PYTHONPATH=tests $(PYTHON) -m faults

.PHONY: contracts
contracts: $(VENV)/.local ## write contracts/ anew from the code; ARGS=--check only compares
	@$(PYTHON) -m services.contracts $(ARGS)

# One set of versions for all: the largest group is resolved, and the others keep what stands in their file.
.PHONY: lock
lock: | $(UV) ## resolve requirements/ anew; UPGRADE=1 takes newer versions
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --group tools --output-file requirements/tools.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --group image --output-file requirements/image.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --group lint --output-file requirements/lint.txt
	@for group in $(GROUPS); do \
		cp requirements/lint.txt requirements/$$group.txt && \
		$(COMPILE) --group $$group --output-file requirements/$$group.txt || exit; \
	done

.PHONY: clean
clean: ## remove the virtual environment, caches and what was built; data stays
	rm -rf $(VENV) $(WEB)/node_modules $(WEB)/out $(WEB)/.next build .mypy_cache .pytest_cache .ruff_cache

# A group holds all of the one before it: local, test, lint.
$(VENV)/.local: requirements/local.txt | $(UV)
	$(call install,local)
	@touch $@

$(VENV)/.test: requirements/test.txt | $(UV)
	$(call install,test)
	@touch $(VENV)/.local $@

$(VENV)/.lint: requirements/lint.txt | $(UV)
	$(call install,lint)
	@touch $(VENV)/.local $(VENV)/.test $@

# The packages of a group, and this project itself as it stands here.
define install
@echo 'installing requirements/$(1).txt'
@[ -x $(PYTHON) ] || $(UV) venv --quiet --no-python-downloads --python '>=3.11' $(VENV)
@$(UV) pip install --quiet --python $(PYTHON) --require-hashes --requirements requirements/$(1).txt
@$(UV) pip install --quiet --python $(PYTHON) --no-deps --no-build-isolation --no-index --editable .
endef

build/tools/bin/uv: requirements/tools.txt
	@echo 'installing uv'
	@python3 -m venv build/tools
	@build/tools/bin/python -m pip install --quiet --require-hashes --requirement requirements/tools.txt
	@touch $@
