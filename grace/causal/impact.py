"""A change, a diff or a name -> Impact: which symbols, files and tests it reaches, and the risk in that.

Symbols follow from the symbol graph, files from history with use and naming as back-off, tests from what they were
seen to run, the graph, and history. Without an index only imports are left (`grace.causal.import_closure`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from grace.causal.blind_spots import blind_spots
from grace.causal.calibration import chance_of_change, chance_of_difference
from grace.causal.files import Companion, companions
from grace.causal.import_closure import impact_by_imports
from grace.causal.mentions import mentioning
from grace.causal.reach import Reached, reach
from grace.causal.risk import Counts, files_of, judge
from grace.causal.seed import Region, Seed, seed_of_change
from grace.causal.symbols import Changed, Symbol, changed_symbols, chunks, file_paths, marks
from grace.causal.test_order import impacted_tests
from grace.causal.test_selection import Witness, noticing_tests
from grace.contracts import Affected, AffectedSymbol, Change, Impact
from grace.memory.database import Connection, Database
from grace.memory.graph import EdgeKind
from grace.memory.history import YEAR, churn, newest_commit
from grace.memory.parse import blob_key
from grace.memory.payload import SymbolKind
from grace.memory.repositories import find_indexed
from grace.path_roles import is_test, names_dependencies
from grace.ports import VersionControl

_USABLE = (SymbolKind.CLASS, SymbolKind.FUNCTION, SymbolKind.METHOD)
_MOST_SYMBOLS, _MOST_FILES = 300, 100
_LIKELY_SYMBOL = 0.05
"""Symbols that are less likely to behave differently are not named."""
_LIKELY_FILE = 0.3
"""Files that are less likely to behave differently are no risk."""


def assess_impact(change: Change, *, repository: VersionControl, database: Database | None = None) -> Impact:
    """What a change that is not applied reaches: by its index when the repository has one, else by imports alone."""
    indexed = find_indexed(database, repository.root) if database else None
    if indexed is None or indexed.root != repository.root.resolve():
        return impact_by_imports(change, repository=repository)
    seed = seed_of_change(change)
    base = repository.read_many(change.base_revision, seed.paths)
    keys = {path: blob_key(content, path) for path, content in base.items()}
    with indexed.database.reading() as connection:
        outdated = _outdated(connection, indexed.repo_id, keys)
        regions = [Region(region.path) if region.path in outdated else region for region in seed.regions]
        impact = predict_impact(connection, indexed.repo_id, seed._replace(regions=tuple(regions)))
    spots = (f"{path} was indexed in another version: all of it counts as changed" for path in outdated)
    return impact.model_copy(update={"blind_spots": (*spots, *impact.blind_spots)})


def predict_impact(connection: Connection, repo_id: int, seed: Seed) -> Impact:
    """What a seed reaches, told from an index.

    Raises InputError when a name of the seed means nothing in the index.
    """
    changed = changed_symbols(connection, repo_id, seed)
    named = _naming(connection, repo_id, [path for path in seed.paths if path not in changed.files])
    reached = reach(connection, changed.symbols.values(), at_once=named)
    homes = file_paths(connection, sorted({symbol.file_id for symbol in changed.symbols.values()}))
    edited = sorted({*seed.paths, *homes.values()})
    paths = file_paths(connection, sorted({one.symbol.file_id for one in reached.values()}))
    witnesses = noticing_tests(connection, repo_id, seed, changed, reached)
    near = _by_file(reached, paths, witnesses)
    indexed = {**changed.files, **{path: id_ for id_, path in homes.items()}}
    others = companions(connection, repo_id, indexed, edited, {path: chance for path, (chance, _) in near.items()})
    files = _files(edited, [one for one in others if not is_test(one.path)], near)
    test_files = [one for one in others if is_test(one.path)]
    tests = impacted_tests(connection, repo_id, changed, edited, test_files, witnesses)
    counts = _counts(connection, repo_id, edited, changed, near, tests)
    risk, reasons = judge(counts)
    return Impact(
        change_digest=seed.digest,
        symbols=_symbols(reached, paths),
        files=files,
        tests=tests,
        risk=risk,
        reasons=reasons,
        blind_spots=blind_spots(connection, repo_id, seed, changed),
    )


def _outdated(connection: Connection, repo_id: int, keys: Mapping[str, str]) -> list[str]:
    """Files of which the index knows another version: there the lines of a change mean nothing."""
    found = []
    for part in chunks(sorted(keys)):
        sql = f"SELECT path, blob FROM code_files WHERE repo_id = ? AND path IN ({marks(part)})"  # noqa: S608 - question marks
        found += [path for path, blob in connection.rows(sql, (repo_id, *part)) if blob and blob != keys[path]]
    return sorted(found)


def _naming(connection: Connection, repo_id: int, paths: Sequence[str]) -> list[Symbol]:
    """The code that names files which are no code."""
    rows = connection.rows("SELECT location FROM code_repositories WHERE id = ?", (repo_id,))
    places = mentioning(Path(rows[0][0]), [path for path in paths if not names_dependencies(path)])
    return list(changed_symbols(connection, repo_id, places).symbols.values())


def _by_file(
    reached: Mapping[int, Reached], paths: Mapping[int, str], witnesses: Sequence[Witness]
) -> dict[str, tuple[float, int]]:
    """File -> the best probability and the shortest way of what is in it."""
    found: dict[str, tuple[float, int]] = {}
    for path, chance, distance in (
        *((paths[one.symbol.file_id], one.probability, one.distance) for one in reached.values()),
        *((one.path, one.score, one.distance) for one in witnesses),
    ):
        best, nearest = found.get(path, (0.0, distance))
        found[path] = (max(best, chance), min(nearest, distance))
    return found


def _files(
    edited: Sequence[str], others: Sequence[Companion], near: Mapping[str, tuple[float, int]]
) -> tuple[Affected, ...]:
    own = [Affected(path=path, distance=0, why="edited") for path in edited if not is_test(path)]
    found = [
        Affected(
            path=one.path,
            distance=near[one.path][1] if one.path in near else one.distance,
            probability=chance_of_change(one.score),
            why=one.why,
        )
        for one in others[:_MOST_FILES]
    ]
    return (*own, *found)


def _symbols(reached: Mapping[int, Reached], paths: Mapping[int, str]) -> tuple[AffectedSymbol, ...]:
    named = [
        one
        for one in reached.values()
        if one.probability >= _LIKELY_SYMBOL and one.symbol.file_id in paths and (one.how or not one.via)
    ]
    named.sort(key=lambda one: (one.distance > 0, -one.probability, one.distance, one.symbol.id))
    return tuple(
        AffectedSymbol(
            path=paths[one.symbol.file_id],
            name=one.symbol.qualname or one.symbol.name,
            kind=SymbolKind(one.symbol.kind).name.lower(),
            line=one.symbol.line,
            distance=one.distance,
            probability=chance_of_difference(one.probability) if one.distance else 1.0,
            why=_why(one, reached),
        )
        for one in named[:_MOST_SYMBOLS]
    )


_VERBS = {
    EdgeKind.CALL: "calls",
    EdgeKind.REFERENCE: "refers to",
    EdgeKind.INHERITS: "derives from",
    EdgeKind.IMPORTS: "imports",
    EdgeKind.OVERRIDDEN: "is overridden by",
    EdgeKind.FIXTURE: "asks for the fixture",
    EdgeKind.MAYBE_CALL: "calls something named like",
}


def _why(one: Reached, reached: Mapping[int, Reached]) -> str:
    if not (via := reached.get(one.via)):
        return "changes" if one.distance == 0 else "names a file that changes"
    verb = _VERBS[EdgeKind(one.how)] if one.how in _VERBS else "goes with"
    return f"{verb} {via.symbol.qualname or via.symbol.name}"


def _counts(
    connection: Connection,
    repo_id: int,
    edited: Sequence[str],
    changed: Changed,
    near: Mapping[str, tuple[float, int]],
    tests: Sequence[Affected],
) -> Counts:
    likely = [path for path, (chance, _) in near.items() if chance >= _LIKELY_FILE]
    reached = [path for path in likely if path not in edited and not is_test(path)]
    # Near enough to what `is_test` says, and counted by the database.
    total = "SELECT COUNT(*) FROM code_files WHERE repo_id = ? AND lower(path) NOT LIKE ?"
    users = [(symbol.qualname, symbol.fan_in) for symbol in changed.symbols.values() if symbol.kind in _USABLE]
    since = newest_commit(connection, repo_id) - YEAR
    return Counts(
        edited,
        len(reached),
        int(connection.rows(total, (repo_id, "%test%"))[0][0]),
        files_of([test for test in tests if test.distance is not None]),
        "use what changes",
        sorted(users, key=lambda user: -user[1])[:3],
        churn(connection, repo_id, [path for path in edited if not is_test(path)], since=since).fixes,
    )
