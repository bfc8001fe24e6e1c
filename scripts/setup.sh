#!/bin/sh
# Make .venv as the lock file says: with uv when it is there, else with venv and pip.
set -eu
cd "$(dirname "$0")/.."
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH 2>/dev/null || true

usable='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'

find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3 python}; do
        if "$candidate" -c "$usable" >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    found=$("${PYTHON:-python3}" --version 2>/dev/null || true)
    echo "GRACE needs Python 3.11 or later with its venv module; here is: ${found:-none}." >&2
    echo "Install one (Debian and Ubuntu: apt install python3 python3-venv) or uv, or name it:" >&2
    echo "    make setup PYTHON=/path/to/python3" >&2
    exit 2
}

with_uv() {
    echo "Setting up .venv with uv (once) ..."
    UV_PROJECT_ENVIRONMENT=.venv uv sync --frozen --compile-bytecode --quiet ${PYTHON:+--python "$PYTHON"}
}

with_pip() {
    python=$(find_python)
    echo "Setting up .venv with $("$python" --version) and pip (once, a minute or two) ..."
    if ! .venv/bin/python -c "$usable" >/dev/null 2>&1; then
        "$python" -m venv --clear .venv
    fi
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    # The development group by name alone: the constraints hold the versions.
    tools=$(.venv/bin/python -c '
import re, tomllib
group = tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"]
print(*(re.match(r"[\w.-]+(\[[\w,-]+\])?", line)[0] for line in group))')
    # shellcheck disable=SC2086  # one argument for each tool
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --constraint constraints.txt --editable . $tools
}

if command -v uv >/dev/null 2>&1; then
    with_uv || { echo "uv could not; trying pip." >&2; with_pip; }
else
    with_pip
fi

# Where the environment forbids Python to write bytecode, every start would compile everything again.
.venv/bin/python -m compileall -q grace flows tasks blocks deployments
