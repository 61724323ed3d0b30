# make serve   sets everything up and serves the page
# make test    sets up what the tests need and runs them all
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: serve test setup setup-test lock clean
.DELETE_ON_ERROR:

serve: setup
	@$(BIN)/websim serve --host $(HOST) --port $(PORT)

setup: $(VENV)/.installed
	@$(BIN)/websim assets

$(BIN)/python:
	@echo "== $(VENV): a virtual environment of its own"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	    "Name another one: make serve PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python's venv module does not work here. On Debian and Ubuntu it is a package of its" \
	    "own: apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: $(BIN)/python requirements.lock requirements-node.lock pyproject.toml
	@echo "== Python packages (requirements.lock)"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(NODE_IS_ENOUGH) || { echo "== Node.js, from PyPI: this machine has none, or an old one"; \
	  $(PIP) install --require-hashes -r requirements-node.lock; }
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# What eslint asks for; npm comes with it.
NODE_IS_ENOUGH := command -v npm >/dev/null && node -e \
  'const [a, b] = process.versions.node.split("."); process.exit(a >= 22 || (a == 20 && b >= 19) ? 0 : 1)'

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --upgrade --custom-compile-command "make lock"

# Raises every locked version to the newest that pyproject.toml and relock.py allow.
lock:
	$(PIP) install uv
	$(COMPILE) --group node -o requirements-node.lock
	$(COMPILE) --all-extras --group build pyproject.toml -o requirements-dev.lock
	$(COMPILE) --extra assets --group build pyproject.toml -c requirements-dev.lock -o requirements.lock
	npm install --package-lock-only --ignore-scripts
	$(BIN)/websim assets --relock
