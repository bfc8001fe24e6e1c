"""What a repository says it depends on, compared with what an environment has."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


def missing_dependencies(repository: Path, installed: Iterable[str], version: tuple[int, int, int]) -> tuple[str, ...]:
    """Names of declared distributions that are not installed, as declared, sorted.

    Read are `[project] dependencies` and `[tool.poetry.dependencies]` of pyproject.toml, and the plain lines
    of requirements*.txt beside it. Dependencies whose markers leave out this Python version do not count.
    """
    have = {canonicalize_name(name) for name in installed}
    python = {
        "python_version": f"{version[0]}.{version[1]}",
        "python_full_version": ".".join(map(str, version)),
    }
    wanted: dict[str, str] = {}
    for text in _declared(repository):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # a line of another kind; pip would know
        if requirement.marker is None or requirement.marker.evaluate(python):
            wanted[canonicalize_name(requirement.name)] = requirement.name
    return tuple(sorted(name for canonical, name in wanted.items() if canonical not in have))


def _declared(repository: Path) -> Iterator[str]:
    project = _pyproject(repository / "pyproject.toml")
    dependencies = _table(project, "project").get("dependencies", [])
    if isinstance(dependencies, list):
        yield from (text for text in dependencies if isinstance(text, str))
    for name, constraint in _table(project, "tool", "poetry", "dependencies").items():
        optional = isinstance(constraint, dict) and constraint.get("optional")
        if name != "python" and not optional:
            yield name
    for file in sorted(repository.glob("requirements*.txt")):
        for line in file.read_text("utf-8", "replace").splitlines():
            text = re.split(r"\s#|\s--", line.strip())[0].rstrip("\\ ")
            if text and not text.startswith(("#", "-")):
                yield text


def _pyproject(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}  # none, or not readable as one: it declares nothing


def _table(document: dict[str, object], *keys: str) -> dict[str, object]:
    for key in keys:
        inner = document.get(key)
        document = inner if isinstance(inner, dict) else {}
    return document
