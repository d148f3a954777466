# make run [PHOTOS=folder]   search your photos      make test   run the tests
# make help                  the other targets

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
# cpu, cu128, ... : which build of torch uv takes (see `uv pip install --help`); empty takes PyPI's.
TORCH_BACKEND ?=
# The branch or commit that the contract may not break with.
BREAKING_AGAINST ?= main

export PYTHONPATH := $(CURDIR)

.DEFAULT_GOAL := help
.PHONY: help run test test-cluster test-crashes test-hub setup protos lint format bench version clean images up down check-manifests verify-compose verify-kubernetes

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 12

run: setup ## index PHOTOS=folder (or sample photos) and serve the page
	@$(BIN)/python -m local_run

test: setup ## run the tests
	$(BIN)/pytest

test-cluster: setup ## kill a node of an Elasticsearch cluster under load
	$(BIN)/pytest -m cluster

test-crashes: setup ## kill indexer, services and Elasticsearch at random moments (CRASH_ROUNDS, CRASH_SEED)
	$(BIN)/pytest -m crashes -s

test-hub: setup ## try the models of a hub, which must be reachable
	$(BIN)/pytest -m hub

setup: $(VENV)/.installed imagesearch/.generated ## make .venv with everything, and the generated code

protos: imagesearch/.generated ## generate imagesearch/ from protos/

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, and $(PYTHON) is older or missing. Install one and name it: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/uv || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python's venv module is missing. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet uv==$(UV_VERSION) || \
		{ echo "The package index can't be reached. Check the network, or set PIP_INDEX_URL and UV_INDEX_URL to one that can."; exit 1; }
	@echo "Installing the packages (about 6 GB with PyPI's torch; TORCH_BACKEND=cpu makes it much smaller) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt \
		$(if $(TORCH_BACKEND),--torch-backend $(TORCH_BACKEND)) -r pyproject.toml --extra dev || \
		{ echo "The packages could not be installed. Check the network and the disk's free space, then run make again."; exit 1; }
	@touch $@

PROTOS := $(shell find protos -name '*.proto')
SITE = $(shell $(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

build/googleapis/.copied: $(VENV)/.installed
	@mkdir -p build/googleapis/google/type build/googleapis/google/rpc
	@cp $(SITE)/google/type/*.proto build/googleapis/google/type/
	@cp $(SITE)/google/rpc/*.proto build/googleapis/google/rpc/
	@touch $@

imagesearch/.generated: $(PROTOS) build/googleapis/.copied
	@rm -rf imagesearch && mkdir imagesearch
	@$(BIN)/python -m grpc_tools.protoc -Iprotos -Ibuild/googleapis \
		--plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
		--python_out=. --grpc_python_out=. --mypy_out=quiet:. --mypy_grpc_out=quiet:. $(PROTOS)
	@touch $@

format: setup ## format the code and the protos, and write README's table of settings
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/buf format --write protos
	$(BIN)/python -m scripts.settings_table

lint: setup ## ruff, mypy, import-linter, buf, hadolint
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code protos
	scripts/check-breaking.sh "$(BREAKING_AGAINST)"
	$(BIN)/hadolint Dockerfile

bench: setup ## print the tables of benchmarks/
	$(BIN)/python -m benchmarks

IMAGES := gateway embedder search indexer elasticsearch-setup
TAG ?= local
# What the images' labels say.
VERSION ?= $(shell scripts/version.sh)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)

# torch for the CPU, unless another build is asked for (empty: the package index's).
IMAGE_TORCH = $(if $(filter file,$(origin TORCH_BACKEND)),cpu,$(TORCH_BACKEND))

images: ## build the container images (TORCH_BACKEND, MODEL, TAG)
	@for image in $(IMAGES); do \
		docker build --target $$image --tag imagesearch-$$image:$(TAG) --build-arg TORCH_BACKEND=$(IMAGE_TORCH) \
			--build-arg MODEL=$(MODEL) --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) . || exit 1; \
	done

up: ## start everything in containers, with Elasticsearch (settings: .env)
	VERSION=$(VERSION) REVISION=$(REVISION) docker compose up --detach --build --wait

down: ## stop the containers; what was indexed stays
	docker compose down

check-manifests: setup ## check the compose files and the manifests for Kubernetes, without either
	$(BIN)/pytest tests/deploy

verify-compose: setup ## try the containers out: needs docker compose
	$(BIN)/pytest -m compose -s tests/deploy

verify-kubernetes: setup ## try the manifests out on the cluster of KUBECONFIG
	$(BIN)/pytest -m kubernetes -s tests/deploy

version: ## print the version of this checkout
	@scripts/version.sh

clean: ## remove what was installed and generated, not the index
	rm -rf $(VENV) build imagesearch .mypy_cache .ruff_cache .pytest_cache
