"""Change -> Impact without an index: the files that import what is edited, at any distance, as of its base revision."""

from collections import deque

from grace.causal.import_graph import ImportGraph, build_import_graph
from grace.causal.risk import Counts, judge
from grace.contracts import Affected, Change, Impact
from grace.path_roles import is_test
from grace.ports import VersionControl

_FADES = 0.7
"""How much of the probability each step of import leaves; a guess, there is nothing to measure it by."""


def impact_by_imports(change: Change, *, repository: VersionControl) -> Impact:
    """What the change can reach through imports, edited files included."""
    paths = [path for path in repository.files(change.base_revision) if path.endswith((".py", ".pyi"))]
    graph = build_import_graph(repository.read_many(change.base_revision, paths))
    edited = tuple(sorted({edit.path for edit in change.edits}))
    reached = _reached(edited, graph)
    files = tuple(affected for affected in reached if not is_test(affected.path))
    tests = tuple(affected.model_copy(update={"id": affected.path}) for affected in reached if is_test(affected.path))
    others = sum(affected.distance != 0 for affected in files)
    total = sum(not is_test(path) for path in paths)
    risk, reasons = judge(Counts(edited, others, total, len(tests), "import what is edited"))
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
    distances = dict.fromkeys(edited, 0)
    why = dict.fromkeys(edited, "edited")
    queue = deque(edited)
    while queue:
        path = queue.popleft()
        distance = distances[path] + 1
        arrows = [(importer, f"imports {path}") for importer in sorted(graph.importers.get(path, frozenset()))]
        if distance == 1:  # farther away, a package that merely runs is no reason to expect a difference
            inside = sorted(graph.inside.get(path, frozenset()))
            arrows += [(importer, f"runs {path} by importing below it") for importer in inside]
        for importer, reason in arrows:
            if importer not in distances:
                distances[importer], why[importer] = distance, reason
                queue.append(importer)
    return [
        Affected(path=path, distance=distance, probability=_FADES**distance, why=why[path])
        for path, distance in sorted(distances.items(), key=lambda found: (found[1], found[0]))
    ]


def _blind_spots(edited: tuple[str, ...], graph: ImportGraph) -> tuple[str, ...]:
    return (
        *(f"{path} is not Python: what uses it is unknown" for path in edited if not path.endswith((".py", ".pyi"))),
        *(f"{path} cannot be parsed ({why}): its imports are unknown" for path, why in graph.unparsable.items()),
        *(f"{path} imports modules whose names are computed" for path in graph.dynamic),
    )
