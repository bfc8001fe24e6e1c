"""Which file of a repository an import means.

As `grace.causal.import_graph` sees it, a Python module can be imported under its path below the repository, a `src`,
the folder its package lies in and its own folder. Here the question comes the other way round, one import at a time:
the folders around the importer are tried from the nearest on, then the places where packages of that name lie. Names
of the standard library are never looked for elsewhere than nearby.
"""

import sys
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from posixpath import commonpath, dirname, normpath

_SOURCES = ("", "src/", "lib/", "python/")
"""Where, below a folder, packages lie."""
_ENDINGS = (".py", "/__init__.py", ".pyi", "/__init__.pyi")
_INIT_ENDINGS = ("/__init__.py", "/__init__.pyi")
_SCRIPT_ENDINGS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.ts")
_SCRIPTS = ("", *_SCRIPT_ENDINGS, *(f"/index{ending}" for ending in _SCRIPT_ENDINGS))
_COMPILED = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",), ".jsx": (".tsx",)}
"""TypeScript imports its own files by the names that compiling will give them."""


class Modules:
    """The modules of a repository by path."""

    def __init__(self, paths: Mapping[str, int]) -> None:
        self._paths = paths
        self._found: dict[tuple[str, str], int | None] = {}
        self._roots: dict[str, list[str]] = {}
        self._packages_of: dict[str, int | None] = {}
        self._chosen: dict[tuple[str, str], str | None] = {}

    def absolute(self, name: str, importer: str) -> int | None:
        """The file that `import name` runs last; None outside the repository or for a folder without a file."""
        folder = dirname(importer)
        key = (folder, name)
        if key not in self._found:
            root = self._root(name.partition(".")[0], folder)
            self._found[key] = None if root is None else self._file(root + name.replace(".", "/"), _ENDINGS)
        return self._found[key]

    def is_folder(self, name: str, importer: str) -> bool:
        """Whether a dotted name is, or may be, a package of the repository without a file of its own."""
        top = name.partition(".")[0]
        root = self._root(top, dirname(importer))
        return root is not None and self._is_folder(root + name.replace(".", "/"))

    def relative(self, level: int, name: str, importer: str) -> int | None:
        """The file that `from ..name import` takes from."""
        folder = dirname(importer)
        key = (folder, "." * level + name)
        if key not in self._found:
            self._found[key] = self._above(folder, level - 1, name)
        return self._found[key]

    def _above(self, folder: str, levels: int, name: str) -> int | None:
        for _ in range(levels):
            if not folder:
                return None
            folder = dirname(folder)
        path = "/".join(part for part in (folder, name.replace(".", "/")) if part)
        return self._file(path, _ENDINGS if name else _INIT_ENDINGS)

    def inside(self, package: str, name: str) -> int | None:
        """The module of a name in the folder of a package's `__init__`."""
        if not package.endswith(_INIT_ENDINGS):
            return None
        return self._file(f"{dirname(package)}/{name}", _ENDINGS)

    def package(self, path: str) -> int | None:
        """The `__init__` of the folder that a file lies in; of the one above for an `__init__`."""
        if (folder := dirname(path)) in self._packages_of and not path.endswith(_INIT_ENDINGS):
            return self._packages_of[folder]
        if path.endswith(_INIT_ENDINGS):
            folder = dirname(folder)
        found = self._packages_of[folder] = self._file(folder, _INIT_ENDINGS) if folder else None
        return found

    def script(self, module: str, importer: str) -> int | None:
        """The file that a JavaScript or TypeScript import means; None for packages."""
        if not module.startswith("."):
            return None
        path = normpath(f"{dirname(importer)}/{module}").lstrip("/")
        if (found := self._file(path, _SCRIPTS)) is not None:
            return found
        stem, dot, suffix = path.rpartition(".")
        return self._file(stem, _COMPILED.get(dot + suffix, ()))

    def _file(self, path: str, endings: tuple[str, ...]) -> int | None:
        for ending in endings:
            if (found := self._paths.get(path + ending)) is not None:
                return found
        return None

    def _root(self, top: str, folder: str) -> str | None:
        """The prefix of paths under which a top-level name lies."""
        key = (folder, top)
        if key not in self._chosen:
            self._chosen[key] = self._choose(top, folder)
        return self._chosen[key]

    def _choose(self, top: str, folder: str) -> str | None:
        for prefix in self._nearby(folder):
            if self._file(prefix + top, _ENDINGS) is not None:
                return prefix
        if top in sys.stdlib_module_names:
            return None
        if prefixes := self._packages.get(top):
            return max(prefixes, key=lambda prefix: len(commonpath((prefix or ".", folder or "."))) if prefix else 0)
        return next((prefix for prefix in self._nearby(folder) if self._is_folder(prefix + top)), None)

    def _nearby(self, folder: str) -> list[str]:
        if folder not in self._roots:
            roots = []
            here = folder
            while True:
                if not here or self._file(here, _INIT_ENDINGS) is None:  # what lies in a package is no root
                    roots += [f"{here}/{below}" if here else below for below in _SOURCES]
                if not here:
                    break
                here = dirname(here)
            self._roots[folder] = roots
        return self._roots[folder]

    def _is_folder(self, path: str) -> bool:
        return path in self._folders

    @cached_property
    def _folders(self) -> frozenset[str]:
        folders: set[str] = set()
        for folder in {path.rpartition("/")[0] for path in self._paths}:
            while folder and folder not in folders:
                folders.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(folders)

    @cached_property
    def _packages(self) -> Mapping[str, list[str]]:
        """Top-level package -> the prefixes under which it lies."""
        packages = {path[: -len("/__init__.py")] for path in self._paths if path.endswith("/__init__.py")}
        found: defaultdict[str, list[str]] = defaultdict(list)
        for package in sorted(packages):
            above, _, name = package.rpartition("/")
            if above not in packages:
                found[name].append(f"{above}/" if above else "")
        return found
