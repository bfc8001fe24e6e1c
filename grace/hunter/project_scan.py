"""Runs the detectors that look at a whole project: the flow of data through it, and what it depends on."""

from collections.abc import Callable, Collection
from hashlib import blake2b
from typing import TYPE_CHECKING

from grace.hunter.cache import ResultCache
from grace.hunter.detectors import digest, may_be_python
from grace.hunter.file_scan import Found, packed, unpacked
from grace.hunter.tree import Tree
from grace.path_roles import names_dependencies
from grace.places import home

if TYPE_CHECKING:
    from grace.hunter.dependencies import Advisories

_DECLARING = (".toml", ".txt", ".in", ".cfg", ".lock", "/setup.py", "/Pipfile")
"""How the paths end of files that may declare dependencies, or that one that does may include."""


def follow_data(tree: Tree, results: ResultCache) -> Found:
    """What the taint engine finds; of a tree that it has seen, without looking again."""
    found = Found(files=sum(map(may_be_python, tree.keys)))
    if not found.files:
        return found
    version = digest("taint", "python")
    kept = results.shelf(f"taint of trees {version}")
    key = _tree_key(tree)
    detection = unpacked(seen[key]) if (seen := kept.get_many([key])) else None
    if detection is None:
        from grace.hunter.taint import detect

        try:
            detection = detect(tree, results.shelf(f"taint {version}"))
        except Exception as error:  # noqa: BLE001 - it becomes a finding, and the scan goes on
            found.crashes[""] = f"{type(error).__name__}: {error}"
            return found
        kept.put_many({key: packed(detection)})
    found.add(detection)
    return found


def audit_dependencies(tree: Tree, advisories: "Callable[[], Advisories]") -> Found:
    """The known vulnerabilities of what the project depends on; `advisories` opens what is known of them."""
    found = Found(files=sum(map(names_dependencies, tree.keys)))
    if not touches_dependencies(tree.keys):
        return found
    try:
        from grace.hunter.dependencies import audit

        found.add(audit(tree, advisories=advisories()))
    except Exception as error:  # noqa: BLE001 - it becomes a finding, and the scan goes on
        found.crashes[""] = f"{type(error).__name__}: {error}"
    return found


def local_advisories() -> "Advisories":
    """Those of this installation, without the network."""
    from grace.hunter.dependencies import Advisories

    return Advisories.open(home())


def touches_dependencies(paths: Collection[str]) -> bool:
    """Whether any of some files may say what a project depends on."""
    return any(f"/{path}".endswith(_DECLARING) or names_dependencies(path) for path in paths)


def _tree_key(tree: Tree) -> str:
    """What identifies all files of a tree and where they lie."""
    found = blake2b(digest_size=16)
    for path in sorted(tree.keys):
        found.update(f"{path}\0{tree.keys[path]}\0".encode("utf-8", "surrogatepass"))
    return found.hexdigest()
