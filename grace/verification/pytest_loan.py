"""Lend GRACE's own pytest to an interpreter that has none, without installing anything.

pytest and what it needs are pure Python: a folder of links to them on PYTHONPATH is enough.
"""

import importlib.metadata
from pathlib import Path

from packaging.specifiers import SpecifierSet

from grace.contracts import Interpreter

_ALWAYS = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")
_BEFORE_3_11 = ("exceptiongroup", "tomli", "typing_extensions")


def possible(version: tuple[int, int, int]) -> bool:
    """Whether GRACE's pytest runs on that Python."""
    requires = importlib.metadata.metadata("pytest")["Requires-Python"]
    runs = ".".join(map(str, version)) in SpecifierSet(requires)
    return runs and all(_entries(name) for name in _distributions(version))


def sources(version: tuple[int, int, int]) -> tuple[Path, ...]:
    """The files and folders lent to that Python: they must be readable where the tests run."""
    return tuple(entry for name in _distributions(version) for entry in _entries(name))


def pytest_loan(interpreter: Interpreter, folder: Path) -> Path:
    """Fill an empty folder with links to pytest; to be put last on the interpreter's PYTHONPATH.

    An interpreter with a pytest of its own is lent nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if interpreter.lends_pytest:
        for entry in sources(interpreter.version):
            (folder / entry.name).symlink_to(entry)
    return folder


def _distributions(version: tuple[int, int, int]) -> tuple[str, ...]:
    return _ALWAYS if version >= (3, 11) else (*_ALWAYS, *_BEFORE_3_11)


def _entries(name: str) -> tuple[Path, ...]:
    """Top-level files and folders of an installed distribution."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return ()
    tops = {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}
    site = Path(str(distribution.locate_file("")))
    return tuple(sorted(path for top in tops if (path := (site / top).resolve()).exists()))
