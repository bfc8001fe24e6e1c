# The workshop. Needs Python 3.11 or later, git and make; uv is used when it is there.

BIN := .venv/bin
READY := .venv/.ready
WORKERS := $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 8 ? n + 1 : 8))) # one more than cores: many tests wait for processes

.PHONY: help setup demo test check faults bench lock

help:
	@echo "make setup   the environment in .venv, as the lock file says"
	@echo "make demo    watch GRACE repair a real bug in a repository made for it"
	@echo "make test    everything below check, then the tests"
	@echo "make check   formatting, lint, types and the walls between the packages"
	@echo "make faults  kill runs at every point and see that each goes on and ends once"
	@echo "make bench   what GRACE finds, how fast, and what orchestration costs"
	@echo "make lock    uv.lock and constraints.txt anew, after a change of dependencies (needs uv)"

setup: $(READY)

$(READY): pyproject.toml uv.lock constraints.txt scripts/setup.sh
	@PYTHON="$(PYTHON)" sh scripts/setup.sh
	@touch $@

demo: $(READY)
	@$(BIN)/python examples/demo.py

test: check
	$(BIN)/pytest -n $(WORKERS) --dist loadfile

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

faults: $(READY)
	GRACE_ALL_FAULTS=1 $(BIN)/pytest tests/faults tests/properties/test_ballots.py

bench: $(READY)
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/repair.py examples --answers benchmarks/answers
	$(BIN)/python benchmarks/orchestration.py

lock:
	uv lock
	@{ echo "# The versions of uv.lock, for pip. Written by 'make lock'."; \
	  uv export --frozen --quiet --no-emit-project --all-extras --all-groups \
	    --no-hashes --no-annotate --no-header; } > constraints.txt
