"""Change -> Impact: the files that import what is edited, at any distance, and the risk in that.

The risk follows from counts alone; each rule that applies gives a reason:

- high: more than 10 files edited; or more than 10 other files, and more than 40 % of all, reach the edit.
- medium: more than 10 other files reach it; a package's `__init__.py` is edited; no test reaches it.
- low: otherwise.
"""

from collections import deque

from grace.causal.import_graph import ImportGraph, build_import_graph
from grace.contracts import Affected, Change, Impact, Risk
from grace.path_roles import is_test
from grace.ports import VersionControl

_MANY_FILES, _LARGE_SHARE = 10, 0.4


def assess_impact(change: Change, *, repository: VersionControl) -> Impact:
    """What the change can reach through imports, as of its base revision, edited files included."""
    paths = [path for path in repository.files(change.base_revision) if path.endswith((".py", ".pyi"))]
    graph = build_import_graph(repository.read_many(change.base_revision, paths))
    edited = tuple(sorted({edit.path for edit in change.edits}))
    reached = _reached(edited, graph)
    files = tuple(affected for affected in reached if not is_test(affected.path))
    tests = tuple(affected for affected in reached if is_test(affected.path))
    risk, reasons = _risk(edited, files, tests, sum(not is_test(path) for path in paths))
    return Impact(
        change_digest=change.digest,
        files=files,
        tests=tests,
        risk=risk,
        reasons=reasons,
        blind_spots=_blind_spots(edited, graph),
    )


def _reached(edited: tuple[str, ...], graph: ImportGraph) -> list[Affected]:
    """Breadth first against the arrows, nearest first."""
    found = {path: Affected(path=path, distance=0, why="edited") for path in edited}
    queue = deque(edited)
    while queue:
        path = queue.popleft()
        distance = found[path].distance + 1
        for importer in sorted(graph.importers.get(path, frozenset()) - found.keys()):
            found[importer] = Affected(path=importer, distance=distance, why=f"imports {path}")
            queue.append(importer)
        if distance == 1:  # farther away, a package that merely runs is no reason to expect a difference
            for importer in sorted(graph.inside.get(path, frozenset()) - found.keys()):
                found[importer] = Affected(path=importer, distance=1, why=f"runs {path} by importing below it")
                queue.append(importer)
    return sorted(found.values(), key=lambda affected: (affected.distance, affected.path))


def _risk(
    edited: tuple[str, ...], files: tuple[Affected, ...], tests: tuple[Affected, ...], total: int
) -> tuple[Risk, tuple[str, ...]]:
    others = sum(affected.distance > 0 for affected in files)
    share = others / total if total else 0.0
    high, medium = [], []
    if len(edited) > _MANY_FILES:
        high.append(f"{len(edited)} files are edited")
    if others > _MANY_FILES and share > _LARGE_SHARE:
        high.append(f"{others} other files ({share:.0%} of the project) import what is edited")
    elif others > _MANY_FILES:
        medium.append(f"{others} other files import what is edited")
    medium.extend(f"{path} is a package's interface" for path in edited if path.endswith("__init__.py"))
    if not tests:
        medium.append("no test imports what is edited")
    if high or medium:
        return (Risk.HIGH if high else Risk.MEDIUM), (*high, *medium)
    return Risk.LOW, (f"{others} other files import what is edited; {len(tests)} test files reach it",)


def _blind_spots(edited: tuple[str, ...], graph: ImportGraph) -> tuple[str, ...]:
    return (
        *(f"{path} is not Python: what uses it is unknown" for path in edited if not path.endswith((".py", ".pyi"))),
        *(f"{path} cannot be parsed ({why}): its imports are unknown" for path, why in graph.unparsable.items()),
        *(f"{path} imports modules whose names are computed" for path in graph.dynamic),
    )
