"""One wheel with five packages, installed as the lock file says."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in the wheel that this checkout makes."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built).namelist()


@pytest.fixture(scope="module")
def metadata(root: Path) -> str:
    """The folder in the wheel that describes it."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return f"{project['name']}-{project['version']}.dist-info"


@pytest.fixture(scope="module")
def lock(root: Path) -> dict[str, dict[str, Any]]:
    """The packages of uv.lock by name."""
    packages = tomllib.loads((root / "uv.lock").read_text())["package"]
    return {package["name"]: package for package in packages}


@pytest.fixture(scope="module")
def constraints(root: Path) -> list[Requirement]:
    """The lines of constraints.txt."""
    lines = (root / "constraints.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_the_wheel_holds_five_packages(wheel: list[str], metadata: str, packages: tuple[str, ...]) -> None:
    assert {name.partition("/")[0] for name in wheel} == {*packages, metadata}


def test_the_wheel_holds_every_module_and_nothing_else(root: Path, wheel: list[str], modules: dict[str, Any]) -> None:
    shipped = {name for name in wheel if not name.startswith("grace-")}
    assert {name for name in shipped if name.endswith(".py")} == set(modules)
    others = {Path(name).suffix for name in shipped if not name.endswith(".py")}
    assert others <= {".typed", ".mako", ".md", ".toml", ".yaml"}


def test_the_wheel_carries_its_licence(wheel: list[str], metadata: str) -> None:
    assert f"{metadata}/licenses/LICENSE" in wheel


def test_the_wheel_says_that_it_is_typed(wheel: list[str], packages: tuple[str, ...]) -> None:
    assert {f"{package}/py.typed" for package in packages} <= set(wheel)


def test_nothing_else_installed_owns_our_names(packages: tuple[str, ...]) -> None:
    """The names are common: another distribution with `tasks/` would overwrite ours."""
    owners = packages_distributions()
    assert {name: set(owners.get(name, ())) - {"grace"} for name in packages} == {name: set() for name in packages}


def test_the_package_of_flows_imports_nothing(modules: dict[str, Any]) -> None:
    """A flow re-exported there would hide the module of the same name."""
    assert len(modules["flows/__init__.py"].body) <= 1  # a docstring at most


def test_constraints_are_the_lock(root: Path, constraints: list[Requirement]) -> None:
    """`make lock` writes both; pip then installs what uv installs, which may differ between Pythons."""
    packages = tomllib.loads((root / "uv.lock").read_text())["package"]
    locked = [f"{package['name']}=={package['version']}" for package in packages if package["name"] != "grace"]
    written = [f"{each.name}{each.specifier}" for each in constraints]
    assert sorted(written) == sorted(locked)


def test_the_lock_has_every_dependency_of_the_project(root: Path, lock: dict[str, dict[str, Any]]) -> None:
    """Without uv at hand: each requirement is met by the version that is locked."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *(line for extra in project["project"]["optional-dependencies"].values() for line in extra),
        *project["dependency-groups"]["dev"],
    ]
    requirements = [Requirement(line) for line in wanted]
    assert not [str(r) for r in requirements if lock[plain(r.name)]["version"] not in r.specifier]
    recorded = lock["grace"]["metadata"]
    names = {entry["name"] for entry in recorded["requires-dist"]}
    names |= {entry["name"] for entry in recorded["requires-dev"]["dev"]}
    assert names == {plain(r.name) for r in requirements}


@pytest.mark.parametrize("name", ["prefect", "fastapi", "starlette", "pydantic", "sqlmodel", "alembic", "typer"])
def test_what_runs_here_is_what_is_locked(lock: dict[str, dict[str, Any]], name: str) -> None:
    """So that a server which starts in these tests is one built from the lock file."""
    assert version(name) == lock[name]["version"]


def test_fastapi_is_capped_with_its_reason(root: Path) -> None:
    (line,) = re.findall(r'(?m)^ +"fastapi.*$', (root / "pyproject.toml").read_text())
    assert "<0.151" in line
    assert "server fails to start" in line


def test_every_marker_of_the_constraints_can_be_read(constraints: list[Requirement]) -> None:
    marked = [each.marker for each in constraints if each.marker]
    assert marked
    assert all(isinstance(marker, Marker) and marker.evaluate() in (True, False) for marker in marked)


def plain(name: str) -> str:
    """A distribution's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()
