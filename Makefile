# Every target creates the virtual environment .venv, if needed, and installs into it by pip.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Two workers per core, since most tests wait for media; a file's tests stay together, longest first.
PYTEST_ARGS ?= -q -n auto --dist loadfile --no-loadscope-reorder

.PHONY: client demo test check newest lint types bench docs screenshots tested hashes slow fuzz mutants simulations kill soak exchanges faults image elsewhere windows clean

demo: $(STAMP)
	@$(BIN)/live-emulator demo

test: $(STAMP)
	$(BIN)/pytest $(PYTEST_ARGS)

check: lint types test

# Tests whose results are most likely to differ on another Python: SQLite, asyncio, dataclasses, typing.
newest: $(STAMP)
	$(BIN)/pytest $(PYTEST_ARGS) tests/unit/core tests/unit/world tests/unit/web tests/unit/scenario \
		tests/unit/cli/test_parser.py tests/flows/test_every_endpoint.py tests/flows/test_worlds.py \
		tests/flows/test_broadcasts.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The tests are checked for Linux, the package for three systems: in parallel, with separate caches.
types: $(STAMP)
	@$(BIN)/mypy & first=$$!; \
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin emulator & second=$$!; \
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 emulator & third=$$!; \
	status=0; for check in $$first $$second $$third; do wait $$check || status=1; done; exit $$status

bench: $(STAMP)
	$(BIN)/python -m benchmarks

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $(STAMP)

# Generate pages from the code, then build all pages as a site in build/site; a dead link fails.
docs: $(STAMP)
	@$(BIN)/python -c 'from pathlib import Path; from emulator.settings.reference import markdown; Path("docs/reference/settings.md").write_text(markdown(), "utf-8")'
	@$(BIN)/python -c 'from pathlib import Path; from emulator.web.api.table import OPERATIONS; from emulator.web.openapi.reference import markdown; Path("docs/reference/endpoints.md").write_text(markdown(OPERATIONS), "utf-8")'
	@$(BIN)/python -c 'from pathlib import Path; from emulator.cli.lib.reference import markdown; Path("docs/reference/commands.md").write_text(markdown(), "utf-8")'
	@$(BIN)/python -c 'from pathlib import Path; from emulator.scenario.output.reference import markdown; Path("docs/reference/scenarios.md").write_text(markdown(), "utf-8")'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# Generate the Node package's files: types of the documents, its own types, CommonJS.
client: $(STAMP) clients/js/node_modules
	$(BIN)/python -m tests.support.node_client

clients/js/node_modules: clients/js/package.json
	npm install --prefix clients/js --no-package-lock --no-audit --no-fund --silent
	@touch $@

# Take the screenshots of docs/images, each in the test of its page.
screenshots: $(STAMP)
	LIVE_EMULATOR_TESTS_SCREENSHOTS=write $(BIN)/pytest -q tests/real/test_front_door.py \
		tests/real/test_console.py tests/real/test_console_inspect.py tests/real/test_site.py \
		tests/real/test_console_scenarios.py tests/real/test_scenario_command.py

# Record which tests have seen which operation succeed (`live-emulator contract`): some minutes.
tested: $(STAMP)
	LIVE_EMULATOR_TESTED=emulator/web/openapi/tested.json $(BIN)/pytest -q tests/flows

# Write the hashes of the library's scenarios, after a wanted change of their events.
hashes: $(STAMP)
	$(BIN)/python -m tests.real.test_scenario_library

# More than `make test`, for most of an hour: the library's scenarios with media in real time, longer
# fuzzing of the documents, each page by keyboard and by every rule of axe at three widths in light and
# dark, and thousands of new examples of any input.
slow: $(STAMP)
	LIVE_EMULATOR_TESTS_SLOW=1 $(BIN)/pytest -q $$( { \
		grep -rl --include='test_*.py' 'tests.support.slow import' tests; \
		ls tests/real/test_scenario_peers.py tests/real/test_explore.py tests/real/test_compare.py \
			tests/real/test_console*.py tests/real/test_front_door.py tests/real/test_site.py \
			tests/real/test_api_page.py tests/real/test_scenario_command.py; } | sort -u)
	LIVE_EMULATOR_TESTS_SLOW=1 $(BIN)/pytest -q -n auto -m hypothesis tests

# Fuzz every parser of outside bytes by coverage (docs/reference/trust.md): ten minutes.
fuzz: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --group fuzz \
		|| echo "Atheris has no wheel here: Hypothesis takes its place."
	$(BIN)/python -m tests.fuzz $(FUZZ_ARGS)

# Check that tests fail when important code is changed: a fixed sample, some 20 minutes.
mutants: $(STAMP)
	$(BIN)/python -m tests.mutants $(MUTANT_ARGS)

# Run a thousand schedules of crashes and faults on simulated sockets and disks: a minute.
simulations: $(STAMP)
	$(BIN)/python -m tests.trials.simulations --seed 0 $(SIMULATION_ARGS)

# A thousand kills of a real process, after a thousand simulated ones: some fifty minutes.
kill: simulations
	$(BIN)/python -m tests.trials.kills $(KILL_ARGS)

# Test the container image: build, start, publish, play and stop; also Compose, Testcontainers and the
# dev container. By the machine's Docker, or else, as root, by an engine that it starts (docker.io,
# docker-compose and mmdebstrap of Debian), which fetches only packages. Some ten minutes.
image: $(STAMP)
	LIVE_EMULATOR_TESTS_SLOW=1 $(BIN)/pytest -q -rs tests/real/test_container_image.py

# Run the flows in processes that lack what Windows lacks: some ten minutes on two cores.
elsewhere: $(STAMP)
	@mkdir -p $(VENV)/elsewhere/tmp
	PYTHONPATH=$(CURDIR)/tests/support/windows_like XDG_CACHE_HOME=$(CURDIR)/$(VENV)/elsewhere/cache \
		TMPDIR=$(CURDIR)/$(VENV)/elsewhere/tmp $(BIN)/pytest $(PYTEST_ARGS) -p no:cacheprovider \
		--basetemp=$(VENV)/elsewhere/base tests/flows tests/unit/platform tests/unit/media/recording

# Test with Windows' own Python, under Wine: the main job, and the flows, some twenty minutes. Needs
# Debian's wine64 and gcc-mingw-w64-x86-64; Python for Windows comes from a package of the registry.
windows: $(STAMP)
	LIVE_EMULATOR_TESTS_SLOW=1 LIVE_EMULATOR_TESTS_WINDOWS=$(CURDIR)/$(VENV)/windows \
		$(BIN)/pytest -q -rs tests/real/test_windows.py

# Check that memory, handles, tasks, threads and the disk do not grow as users come and go: eight hours.
soak: $(STAMP)
	$(BIN)/python -m tests.trials.soak $(SOAK_ARGS)

# Measure the memory that remains after clients with broken data: some five minutes.
exchanges: $(STAMP)
	$(BIN)/python -m tests.trials.exchanges $(EXCHANGE_ARGS)

# Test faults of the machine with a real process (docs/reference/trust.md): some eight minutes. The full
# disk needs root; read-only and slow disks need FUSE.
faults: $(STAMP)
	LIVE_EMULATOR_TESTS_SLOW=1 $(BIN)/pytest -q -rs tests/real/test_machine_faults.py \
		tests/real/test_durability.py tests/real/test_connection_limits.py tests/unit/parallel \
		tests/unit/media/hls/test_writer.py tests/unit/world/store/test_journal.py tests/unit/machine

clean:
	rm -rf build $(VENV) .venv-newest .mypy_cache .ruff_cache .pytest_cache .hypothesis
