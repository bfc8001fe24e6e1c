"""What the architecture tests look at: the source as it lies in the checkout."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("grace", "flows", "tasks", "blocks", "deployments")


@cache
def _parsed() -> dict[str, ast.Module]:
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_bytes(), file.name) for file in files}


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def packages() -> tuple[str, ...]:
    """The packages that ship."""
    return PACKAGES


@pytest.fixture(scope="session")
def modules() -> dict[str, ast.Module]:
    """Every module that ships, by its path relative to the checkout."""
    return _parsed()
