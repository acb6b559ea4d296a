# One-line targets; `make` alone prints this list.
PY ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Each of some thousand processes of the tests would compile all of gsomia anew, which is 0.4 of the 1.0 s that it takes to start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup system demo check format test faults kills fuzz proofs browser bench docs lock wheel clean

help:            ## print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | column -t -s '|'

setup: .venv/ready  ## make .venv with everything the project needs

# pip in hash mode wants a pin of `pydantic` itself, where the first file names it with an extra alone; the second has it.
.venv/ready: requirements/dev.txt pyproject.toml
	$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gsomia needs python3 >= 3.11, this is " + sys.version.split()[0])'
	$(PY) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt -c requirements/runtime.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup      ## play the main job on real input (DOC=path for your own document, KEEP=1 to leave the nodes running)
	@$(BIN)/gsomia demo $(if $(DOC),--doc "$(DOC)") $(if $(KEEP),--keep) --out build/demo

check: setup     ## format, lint, types, layers
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports

format: setup    ## format the code
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

system:          ## install what some tests and measurements need beside Python (apt, root; npm for the OpenID provider of the tests)
	@for part in age chromium fonts-noto-cjk gnupg poppler-utils softhsm2; do dpkg -s $$part >/dev/null 2>&1 || missing="$$missing $$part"; done; \
	[ -z "$$missing" ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; }
	@command -v npm >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
	@npm ci --prefix tests/oidc --ignore-scripts --no-audit --no-fund --silent

test: setup      ## run every test (what a test lacks is named where it is skipped)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then $(MAKE) --no-print-directory system || echo "make system failed: tests that need its parts are skipped"; fi
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

faults: setup    ## the long form of every fault survived: kill -9 (GSOMIA_KILLS=200, GSOMIA_DOCUMENTS=10000: 30 to 60 min), 5 GiB, disks, clocks, networks, lies
	GSOMIA_LARGE=1 $(BIN)/pytest -n 0 -s tests/wire/test_documents.py -k large
	GSOMIA_KILLS=$${GSOMIA_KILLS:-200} GSOMIA_DOCUMENTS=$${GSOMIA_DOCUMENTS:-10000} GSOMIA_FAULTS=1 $(BIN)/pytest -n 1 tests/wire/test_crash.py tests/wire/test_disk_full.py tests/wire/test_network.py tests/wire/test_resume.py tests/wire/test_parcels_wire.py tests/wire/test_three_nodes.py \
	tests/node/test_faults.py tests/node/test_lying_offers.py tests/node/test_lying_content.py tests/node/test_lying_uploads.py tests/node/test_lying_holders.py tests/node/test_between_steps.py tests/node/test_wire_faults.py tests/node/test_witnessed.py tests/node/test_restored.py tests/node/test_uploads.py tests/node/test_key_ends.py tests/node/test_parcel_files.py tests/node/test_parcel_order.py tests/node/test_parcel_senders.py tests/node/test_parcel_decisions.py tests/node/test_parcel_faults.py tests/node/test_flood.py

kills: setup     ## the kill tests so many times in a row, each with its seed (TIMES=50: one to two hours), and what came of them
	@$(BIN)/python tests/wire/kills.py $${TIMES:-50}

fuzz: setup      ## damaged input for every reader of marks, labels and documents (GSOMIA_FUZZ_SECONDS, 600 if not set)
	$(BIN)/python tests/marking/fuzzing.py

proofs: setup    ## the long form of proofs, referees and laws: every year's law, and more examples (GSOMIA_EXAMPLES, 2000 if not set)
	GSOMIA_EXAMPLES=$${GSOMIA_EXAMPLES:-2000} $(BIN)/pytest -n 2 --timeout 3600 tests/verdict tests/law tests/agreement tests/marking tests/tlog

browser: setup   ## the pages in a real browser (needs Chromium: make system)
	GSOMIA_REQUIRE=1 $(BIN)/pytest tests/browser

bench: setup     ## measure the hot paths beside their baselines (ONLY=verdict runs one group, SHORT=1 a short form)
	$(BIN)/python -m bench $(ONLY) $(if $(SHORT),--short)

docs: setup      ## check that what is documented is there
	$(BIN)/pytest tests/docs

lock: setup      ## make requirements/*.txt anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header pyproject.toml -o requirements/runtime.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header --extra dev -c requirements/runtime.txt pyproject.toml -o requirements/dev.txt

wheel: setup     ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

clean:           ## remove what the targets made
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
