# Every target does its own set-up: from a fresh clone `make demo` is all there is to type.
#
#   make demo      cut out real photographs and samples into demo_output/
#   make test      run the tests
#   make check     everything a reviewer would run: format, lint, types, layers, tests
#   make test-gimp the plug-in inside a real GIMP 3, in a folder made for it (root, Linux)
#   make translations  the plug-in's texts: template and catalogues
#   make build     source distribution and wheel in dist/
#   make samples   make the pictures of samples/ again from their seed
#   make clean     remove what the targets above made, but not the virtual environment
#   make distclean remove the virtual environment as well
#
# PYTHON is the interpreter the environment is made from, VENV where it is made:
#   make test PYTHON=python3.12 VENV=.venv312

PYTHON ?= python3
VENV ?= .venv

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

RUN := $(BIN)/python
KERNELS := $(wildcard ext/*.pyx ext/*.pxd ext/*.pxi ext/*.h)
INSTALLED := $(VENV)/hybridbg-installed

.PHONY: help install demo test check test-gimp translations build samples clean distclean
.DEFAULT_GOAL := help

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

install: $(INSTALLED)

# The stamp is as old as the last complete installation; the sources of the kernels and of the
# metadata make it stale, Python files do not, because the installation is editable.
$(INSTALLED): pyproject.toml setup.py $(KERNELS)
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(sys.version_info < (3, 11) and f"hybridbg needs Python 3.11 or newer, and $(PYTHON) is {v}; try: make PYTHON=/path/to/python3")'
	@echo "Setting up $(VENV): dependencies and compiled kernels (a few minutes, once)"
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(INSTALLED)
	@$(RUN) samples/demo.py

test: $(INSTALLED)
	@$(RUN) -m pytest

check: $(INSTALLED)
	@echo "ruff format" && $(RUN) -m ruff format --check --quiet .
	@echo "ruff check" && $(RUN) -m ruff check --quiet .
	@echo "mypy" && $(RUN) -m mypy
	@echo "import-linter" && $(BIN)/lint-imports
	@echo "pytest" && $(RUN) -m pytest

GIMP_ROOT ?= /var/tmp/hybridbg-gimp-root

test-gimp: $(INSTALLED)
	@.ci/gimp-root $(GIMP_ROOT)
	@HYBRIDBG_GIMP_ROOT=$(GIMP_ROOT) $(RUN) -m pytest tests/gimp

translations: $(INSTALLED)
	@$(RUN) gimp_plugin/translate.py

build: $(INSTALLED) translations
	@$(RUN) -m build --outdir dist .

samples: $(INSTALLED)
	@$(RUN) samples/generate.py

clean:
	rm -rf build dist demo_output *.egg-info hybridbg/_kernels/*.so hybridbg/_kernels/*.pyd hybridbg/_kernels/*/*.so hybridbg/_kernels/*/*.pyd
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(wildcard hybridbg tests samples benchmarks training) -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f $(INSTALLED)

distclean: clean
	rm -rf $(VENV)
