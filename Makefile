# `make run` shows the city, `make test` proves it; both set up what they need first.
# Every path is relative, so that the checkout may lie in a folder with spaces in its name.

PYTHON ?= python3   # any Python from 3.11 on: make test PYTHON=python3.13
LOCK   ?= dev       # what to install: dev, or base / postgres / oidc / s3 on a server (make setup LOCK=postgres)
ARGS   ?=           # more words for the last command: make test ARGS="-k journal", make lock ARGS=--upgrade

python := $(strip $(PYTHON))
lock   := $(strip $(LOCK))
uv     := .boot/bin/uv
bin    := .venv/bin

# The Python that is there is the one we use: nothing fetches another.
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
# Where it is set, each of the programs that tests start would compile all of our source anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test year kills fuzz bench pictures lock clean

help:  ## list what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: .venv/installed-$(lock)  ## make .venv with .venv/bin/radap (the second time this takes no time)

run: setup  ## replay a real district's year, then serve its pages and remind, until Ctrl+C
	$(bin)/radap demo --serve $(ARGS)

# One worker more than cores: now and then each of them waits for a browser, a server or a lock.
test: setup  ## style, arrows between the folders, then every test, that of the types among them
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/lint-imports --no-logo
	$(bin)/pytest -n 3 --dist worksteal $(ARGS)

# About ten minutes on two quiet cores.
year: setup  ## drive a year of 50 districts, 1,000 indicators and 5,000 milestones against a mail server
	$(bin)/pytest -n 2 --dist worksteal -rP --long tests/routes/test_reminded_year.py -k "of_a_year and sqlite" $(ARGS)

# 5,000 kills for each answer to a doubt, resend and hold, on each database: about half an hour.
kills: setup  ## kill delivering workers 10,000 times on each database, everything else at each of its statements
	$(bin)/pytest -n 2 --dist worksteal -rP --long tests/faults $(ARGS)

# 100,000 pages, and as many spreadsheets, texts, campaigns and lines of an export; nothing may need 3 GB or more.
# Guided by coverage as well, where somebody has put atheris into .venv.
fuzz: setup  ## try half a million inputs on all that reads what comes from outside: about ten minutes
	ulimit -v 3000000; $(bin)/pytest -n 2 --dist worksteal -rP --hypothesis-profile=fuzz -m fuzz $(ARGS)
	if $(bin)/python -c "import atheris" 2>/dev/null; then \
		$(bin)/python -m tests.engine.pages.fuzz -runs=100000 -timeout=10 -rss_limit_mb=1000; fi

bench: .venv-bench/installed  ## measure us beside our peers, into benchmarks/RESULTS.md
	.venv-bench/bin/python -m benchmarks $(ARGS)

pictures: setup  ## draw the pictures of README and docs again (needs chromium and Thai fonts)
	$(bin)/radap demo
	$(bin)/python -m tests.pictures
	$(bin)/pytest -n 2 --dist worksteal --pictures tests/browser $(ARGS)

# dev.lock first: what a server installs is exactly what was tested, and bench measures what a server runs.
lock: $(uv)  ## pin requirements/*.in again (ARGS=--upgrade for newer releases)
	$(call compile,boot)
	$(call compile,dev)
	$(call compile,base) --constraint requirements/dev.lock
	$(call compile,postgres) --constraint requirements/dev.lock
	$(call compile,oidc) --constraint requirements/dev.lock
	$(call compile,s3) --constraint requirements/dev.lock
	$(if $(wildcard requirements/bench.in),$(call compile,bench) --constraint requirements/postgres.lock)

clean:  ## remove what setup and the tools made; var/ (your data) stays
	rm -rf .boot .venv .venv-bench .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Names, versions and hashes only: whoever installs chooses where from.
compile = $(uv) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url requirements/$(1).in --output-file requirements/$(1).lock $(ARGS)

$(uv): requirements/boot.lock
	rm -rf .boot
	$(python) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
		--target .boot --require-hashes --requirement requirements/boot.lock
	touch $@

# --python, because uv would rather follow a VIRTUAL_ENV that the caller happens to have active.
# --offline, because the project itself is built by the uv we have: a build that had to fetch anything is a fault.
define install
$(uv) venv --quiet --allow-existing --python $(python) $(1)
$(uv) pip sync --quiet --compile-bytecode --python $(1)/bin/python --require-hashes requirements/$(2).lock
$(uv) pip install --quiet --python $(1)/bin/python --offline --no-deps --editable .
rm -f $(1)/installed*
touch $@
endef

.venv/installed-%: requirements/%.lock pyproject.toml $(uv)
	$(call install,.venv,$*)

.venv-bench/installed: requirements/bench.lock pyproject.toml $(uv)
	$(call install,.venv-bench,bench)
