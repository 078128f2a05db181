# make demo   upscale examples/clip.mkv and show what came of it; MODEL=animesr-lite takes the light model
# make test   run every test
# The rest is explained in CONTRIBUTING.md.

SHELL := /bin/sh
VENV := .venv
MODEL ?= animesr-v2
BIN := $(VENV)/bin
# What the installed package is made of: the Python code stays in this tree, the shim is compiled.
SOURCES := setup.py setup.cfg pyproject.toml $(wildcard vsanimesr/native/*.cpp vsanimesr/native/*.h)
# setuptools warns of editable installs in a dozen lines, and this one is meant to be editable.
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip --disable-pip-version-check --quiet
BUILD_TOOLS := "setuptools>=77,<86" "vapoursynth>=74"
# vspipe needs its own interpreter on the PATH.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo test test-quick lint format bench gpu-check wheel weights clean

# Tests and benchmarks need the authors' weights, whatever the demo is of.
test test-quick bench: override MODEL := animesr-v2

demo: $(VENV)/demo weights
	$(BIN)/python examples/demo.py --model $(MODEL)

test: $(VENV)/dev weights
	$(BIN)/python -m pytest

test-quick: $(VENV)/dev weights
	$(BIN)/python -m pytest -m "not slow and not gpu and not peer"

lint: $(VENV)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)-bench/installed weights
	$(VENV)-bench/bin/python -m benchmarks speed
	$(VENV)-bench/bin/python -m benchmarks memory

# WHEELS=FOLDER takes packages from there instead of the network; GPU_ARGS goes to `python -m benchmarks.gpu`.
gpu-check: $(VENV)-gpu/installed
	$(VENV)-gpu/bin/python -m benchmarks.gpu --peer $(VENV)-gpu/peer $(GPU_ARGS)

wheel: $(VENV)/dev
	$(BIN)/python -m build --wheel --outdir dist/raw
	$(BIN)/python -m auditwheel repair --wheel-dir dist dist/raw/vapoursynth_animesr-*.whl

weights: $(VENV)/installed
	$(BIN)/vsanimesr models fetch $(MODEL)

clean:
	rm -rf $(VENV) $(VENV)-bench $(VENV)-gpu build dist out *.egg-info vsanimesr/native/*.so

# Each of these files says that something was installed, and is as old as that.
$(VENV)/created:
	$$(sh .ci/find-python) -m venv $(VENV)
	$(PIP) install --upgrade pip $(BUILD_TOOLS)
	touch $@

$(VENV)/installed: $(VENV)/created $(SOURCES)
	$(PIP) install --no-build-isolation --editable .
	touch $@

$(VENV)/demo: $(VENV)/installed
	$(PIP) install --no-build-isolation --editable ".[demo]"
	touch $@

$(VENV)/dev: $(VENV)/installed
	$(PIP) install --no-build-isolation --editable ".[dev]"
	touch $@

# The peer brings an OpenVINO that ours does not work with in one process, so it gets an environment of its own.
$(VENV)-bench/installed: $(SOURCES)
	$$(sh .ci/find-python) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip --quiet install --upgrade pip $(BUILD_TOOLS)
	$(VENV)-bench/bin/python -m pip --quiet install --no-build-isolation --editable ".[bench]"
	touch $@

# The Python that has PyTorch lends it; any other will do, and PyTorch is installed.
$(VENV)-gpu/installed: $(SOURCES) $(WHEELS)
	python=$$(command -v python3) && "$$python" -c "import sys, torch; sys.exit(sys.version_info < (3, 12))" \
	    2>/dev/null || python=$$(sh .ci/find-python); \
	"$$python" benchmarks/gpu/install.py $(VENV)-gpu $(if $(WHEELS),--wheels $(WHEELS))
	touch $@
