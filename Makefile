# Two commands do everything on a fresh machine with Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
BEGUN := $(shell date +%s)
# Every worker and every process that a test starts would compile all of it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-remote test test-slow check bench lock clean docs screenshots recordings
.DEFAULT_GOAL := help

help:
	@sed -n 's/^\([a-z.-]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

.venv/ready: requirements.lock requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: .venv/ready  ## a channel in the browser with the lab engine: no Slack, no configuration
	$(BIN)/csfailover demo

demo-remote: .venv/ready  ## the same over the real wire: the remote engine against the PowerShell remoting test peer
	$(BIN)/python -m tests.wsman.demo

test: .venv/ready .venv-wheel/ready  ## everything but what is marked slow
	@echo "The environments took $$(( $$(date +%s) - $(BEGUN) )) s. The tests say themselves how long they take."
	$(BIN)/python -m pytest -n 5 --dist worksteal  # more than cores: most of the time is spent waiting

test-slow: .venv/ready  ## the long tests: kill storms, soak, model sizes
	$(BIN)/python -m pytest -m slow  # one after the other: they are measured in seconds of patience

check: .venv/ready  ## ruff, mypy --strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

recordings: .venv/ready  ## fetch pypsrp's recordings of real Windows sessions, for the tests that play them
	$(BIN)/python -m tests.wsman.tapes

docs: .venv/ready  ## write the generated parts of README and ARCHITECTURE again
	$(BIN)/python -m tests.house.generated
	$(BIN)/python -m tests.house.conversation

screenshots: .venv/ready  ## take the README's pictures again (needs Chromium)
	$(BIN)/python -m tests.browser.pictures

# The wheel as people get it: built, and installed with nothing but what the product runs with.
.venv-wheel/ready: .venv/ready README.md LICENSE $(shell find bot commands engine audit -name "*.py" -o -path "bot/standin/page/*")
	rm -rf dist .venv-wheel
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	$(PYTHON) -m venv .venv-wheel
	.venv-wheel/bin/python -m pip install --quiet --require-hashes -r requirements.lock
	.venv-wheel/bin/python -m pip install --quiet --no-deps dist/*.whl
	touch $@

bench: .venv/ready  ## every figure against its baseline, one table; two minutes on a quiet machine
	$(BIN)/python -m tests.bench

lock: .venv/ready  ## pin the dependencies again, with hashes
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --generate-hashes --custom-compile-command "make lock" --extra demo -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --universal --generate-hashes --custom-compile-command "make lock" -c requirements.lock --group dev -o requirements-dev.lock

clean:  ## forget the environments and what the tests left
	rm -rf .venv .venv-wheel dist build .mypy_cache .ruff_cache .hypothesis .import_linter_cache
