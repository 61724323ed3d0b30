# make serve   sets everything up and serves the page
# make test    sets up what the tests need and runs all checks
# make llm     adds what asks a language model (docs/authors.md)
# make ray     adds what runs on a Ray cluster (docs/cluster.md)
# make lock    raises the locked versions
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
# optimised, official, or a folder with an engine of one's own (docs/engine.md)
ENGINE ?=
export WEBSIM_ENGINE := $(or $(ENGINE),$(WEBSIM_ENGINE))
# Images of containers often set it; then each process compiles all that it imports once more.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Where the machine's Node.js is missing or old, one from PyPI lies there.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: serve test setup setup-test llm ray lock
.DELETE_ON_ERROR:

serve: setup
	@websim serve --host $(HOST) --port $(PORT)

setup: $(VENV)/.installed
	@websim assets

llm: $(VENV)/.installed-llm

ray: $(VENV)/.installed-ray

test: setup-test
	@python tests/all.py

# The modules come before the assets, which are copied from them.
setup-test: $(VENV)/.installed-dev node_modules/.installed setup
	@python -m websim_server.chromium
	@python -m tests.core.install

# Not the interpreter itself: it is there before pip is, if this was cut off in between.
$(VENV)/.made:
	@echo "== $(VENV): a virtual environment of its own"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, but $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	    "Name another one: make serve PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python's venv module does not work here. On Debian and Ubuntu it is a package of its" \
	    "own: apt-get install python3-venv"; exit 1; }
	@touch $@

# pip takes half a package for a whole one where it was killed: then all are installed once more.
# Python compiles what it imports; most of what is installed it never does.
UNFINISHED := $(VENV)/.unfinished
INSTALL = again=; test ! -e $(UNFINISHED) || again=--ignore-installed; touch $(UNFINISHED); \
  $(PIP) install --no-compile $$again
FINISHED = rm -f $(UNFINISHED); touch $@

$(VENV)/.installed: $(VENV)/.made requirements.lock requirements-node.lock pyproject.toml
	@echo "== Python packages (requirements.lock)"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(NODE_IS_ENOUGH) || { echo "== Node.js from PyPI: this machine has none, or an old one"; \
	  $(PIP) install --require-hashes -r requirements-node.lock; }
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(FINISHED)

# 20.19 is what eslint asks for.
NODE_IS_ENOUGH := command -v npm >/dev/null && node -e 'const [a, b] = \
  process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'

$(VENV)/.installed-llm: $(VENV)/.installed requirements-llm.lock
	@echo "== what asks a language model (requirements-llm.lock)"
	@$(INSTALL) --require-hashes -r requirements-llm.lock
	@$(FINISHED)

$(VENV)/.installed-ray: $(VENV)/.installed requirements-ray.lock
	@echo "== what runs on a Ray cluster (requirements-ray.lock)"
	@$(INSTALL) --require-hashes -r requirements-ray.lock
	@$(FINISHED)

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock requirements-models.lock
	@echo "== what the tests need (requirements-dev.lock)"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@echo "== models that the tests step (requirements-models.lock)"
	@$(INSTALL) --no-deps --require-hashes -r requirements-models.lock --upgrade \
	  --target $(VENV)/models
	@$(FINISHED)

node_modules/.installed: package-lock.json $(VENV)/.installed
	@echo "== npm packages (package-lock.json)"
	@npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

# The newest that package.json, pyproject.toml and relock.py allow.
lock: $(VENV)/.installed-dev
	$(COMPILE) --group node -o requirements-node.lock
	$(COMPILE) --extra dev --group build pyproject.toml -o requirements-dev.lock
	$(COMPILE) --extra assets --group build pyproject.toml -c requirements-dev.lock \
	  -o requirements.lock
	$(COMPILE) --extra llm pyproject.toml -c requirements-dev.lock -o requirements-llm.lock
	$(COMPILE) --extra ray pyproject.toml -c requirements-dev.lock -o requirements-ray.lock
	npm install --package-lock-only --ignore-scripts
	websim assets --relock
