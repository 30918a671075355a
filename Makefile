# Every target makes its own .venv from pyproject.toml and constraints.txt; nothing else needs to be installed first
# but Python 3.11 or newer. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than there are cores: the tests in the browser wait a good part of their time.
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Brings a command with the Debian package that has it, as root; else says what to install. $(call debian,command,package)
debian = PATH="$$PATH:/usr/sbin" command -v $(1) >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(2) >/dev/null; } \
	|| { echo "This needs $(1). Install it (Debian: apt install $(2)) and run make $@ again."; exit 1; }

# Where Python is told to keep no compiled files, each of a hundred processes would compile all of them anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo run serve test lint bench format lighthouse screenshots pictures browser clean thorough postgres kill pg machine planted alive promtool wheel release audit observatory secure dropped cluster load servers rules

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

demo: $(VENV)/run ## the product on its sandbox: prints the address and the sign-in (PORT=8000)
	@exec $(BIN)/flinkey-admin demo

run: $(VENV)/run ## dashboard and worker on this machine, against the flinkey that the environment names
	@exec $(BIN)/flinkey-admin run

serve: $(VENV)/run ## dashboard and worker for production, behind a reverse proxy (BIND=127.0.0.1:8000)
	@exec $(BIN)/flinkey-admin serve

test: lint browser ## every check and every test, the browser's included
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST)

thorough: $(VENV)/dev postgres ## every case of the matrices of which `make test` takes a sample, and new examples
	$(BIN)/python -m pytest -n auto --dist worksteal --thorough -m "sampled or hypothesis"

kill: $(VENV)/dev postgres ## kill -9 at every call and commit, 1,000 lost answers, and one of two workers on PostgreSQL
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --thorough -m sampled tests/operations/test_kill.py tests/operations/test_kill_pairs.py \
		tests/fleet/test_restore_group.py tests/operations/test_lost_answers.py tests/operations/test_two_workers.py

alive: $(VENV)/dev postgres promtool ## backups put back in the middle of a move, full disks, wrong clocks, alerts that come
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --thorough -m sampled tests/node
	$(BIN)/python -m pytest -q -n 0 tests/node/test_alerts.py tests/node/test_metrics.py
	$(BIN)/python -m tests.on_postgres -q -n 0 tests/node/test_no_room_on_postgres.py

pg: $(VENV)/dev postgres ## the tests of pages, copy, changes and upkeep on PostgreSQL
	$(BIN)/python -m tests.on_postgres -q -n $(WORKERS) --dist worksteal

# With POOL=transaction (or session) a PgBouncer stands before the database. Its folder is one of its own, since whoever
# else runs pytest closes the usual one to the user that PostgreSQL runs as.
cluster: browser postgres servers ## two nodes on PostgreSQL and Redis behind nginx: killed, emptied, upgraded, started anew while somebody works
	@$(if $(POOL),$(call debian,pgbouncer,pgbouncer))
	@mkdir -p $${TMPDIR:-/tmp}/flinkey-admin-cluster
	$(BIN)/python -m pytest -n 0 -s --thorough --basetemp=$${TMPDIR:-/tmp}/flinkey-admin-cluster/tests \
		tests/cluster/check_files.py tests/cluster/check_upgrade.py tests/cluster/check_proxy.py tests/cluster/check_nodes.py

load: $(VENV)/load ## a morning of a hundred managers on one node and two cores, flinkey slow at last (LOAD=300 MANAGERS=100)
	$(BIN)/python -m tests.load $(or $(LOAD),300) $(or $(MANAGERS),100)

machine: $(VENV)/dev ## coordinators, faults and deaths in any order: 2,000 examples of 50 steps (MACHINE=200x50 SEED=1)
	$(BIN)/python -m tests.machine $(or $(MACHINE),2000x50) $(or $(SEED),1)

planted: $(VENV)/dev ## puts bugs into copies of the source: the machine must find each
	$(BIN)/python -m tests.planted $(BUG)

wheel: $(VENV)/dev ## builds the wheel into dist/, tries it in a fresh environment, and as in a container
	@rm -rf build dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	WHEEL=$$(ls dist/*.whl) $(BIN)/python -m pytest -q -n 0 tests/installed/wheel.py tests/installed/container.py

release: wheel $(VENV)/release ## what a release consists of, into dist/: wheel, pinned hashes, list of components, checksums
	@cp requirements.txt dist/
	$(BIN)/python -m venv --clear --without-pip var/release
	$(BIN)/python -m pip --python var/release/bin/python install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
		-r requirements.txt
	$(BIN)/cyclonedx-py environment var/release/bin/python --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-format JSON --output-file dist/sbom.cdx.json
	SBOM=dist/sbom.cdx.json $(BIN)/python -m pytest -q -n 0 tests/installed/components.py
	@cd dist && sha256sum * > SHA256SUMS && cat SHA256SUMS

# By uv, since it alone pins for every Python and machine at once: Debian 12 needs a package that 3.11.4 no longer does.
requirements.txt: pyproject.toml constraints.txt | $(VENV)/release
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-config --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --extra postgres --extra redis --constraint constraints.txt pyproject.toml --output-file $@

audit: $(VENV)/release ## asks the package index for known weaknesses of what a release is installed with; needs the network
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements.txt

secure: browser servers ## every forged form, replay, guess, payload and fetch of which `make test` takes a tenth
	$(BIN)/python -m pytest -n $(WORKERS) --dist load --maxschedchunk 1 --thorough tests/security tests/browser/test_hostile_names.py \
		tests/accounts/test_redirects.py tests/accounts/test_token.py tests/flinkey/test_tls.py tests/flinkey/test_way_out.py

dropped: $(VENV)/dev ## takes the customer out of one query or key after the other: some test must notice
	$(BIN)/python -m tests.dropped $(TESTS)

lint: $(VENV)/dev ## formatting, style, types, templates, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/djlint --quiet --lint templates
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run --verbosity 0

format: $(VENV)/dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev ## measures, as ratios taken in one run
	$(BIN)/python -m tests.bench

lighthouse: $(VENV)/dev ## Lighthouse on every main page, as in production; needs npm and Chromium
	@$(call debian,chromium,chromium)
	@test -x var/lighthouse/node_modules/.bin/lighthouse || npm install --prefix var/lighthouse --no-audit --no-fund --loglevel=error lighthouse@12.8.2
	$(BIN)/python -m tests.lighthouse

observatory: $(VENV)/dev servers rules ## Mozilla's HTTP Observatory wherever links lead, in production behind nginx; needs npm
	@echo {} > var/observatory/node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json # we are not on that list
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m tests.observatory

rules: ## the rules of the Observatory, from npm
	@test -d var/observatory/node_modules/@mdn/mdn-http-observatory || npm install --prefix var/observatory --no-audit \
		--no-fund --loglevel=error --ignore-scripts @mdn/mdn-http-observatory@1.4.8

screenshots: browser ## the pictures of the README
	$(BIN)/python -m tests.screenshots

pictures: browser ## the pictures that the page of components is compared with; look at what differs
	PICTURES=new $(BIN)/python -m pytest -q -n 0 tests/browser/test_components.py -k looked

# Its shell without windows and menus is a third quicker than the whole Chromium.
browser: $(VENV)/dev ## the Chromium of the browser tests
	@($(call debian,chromium-headless-shell,chromium-headless-shell)) >/dev/null 2>&1 || $(call debian,chromium,chromium)

postgres: ## the database that the test of two workers starts
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || $(call debian,initdb,postgresql)

servers: ## what stands beside two nodes: Redis, nginx, and what looks at systemd's files
	@$(call debian,redis-server,redis-server)
	@$(call debian,nginx,nginx-light)
	@$(call debian,systemd-analyze,systemd)

promtool: ## the tool of Prometheus that tries the example alerts
	@$(call debian,promtool,--no-install-recommends prometheus)

$(VENV)/run: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --editable .
	@touch $@

$(VENV)/release: $(VENV)/run
	@$(PIP) --editable '.[release]'
	@touch $@

$(VENV)/dev: $(VENV)/run
	@$(PIP) --editable '.[dev]'
	@touch $@

# Some twenty packages more than any other target needs.
$(VENV)/load: $(VENV)/dev
	@$(PIP) --editable '.[load]'
	@touch $@

clean: ## throws away .venv and var/
	rm -rf $(VENV) var
