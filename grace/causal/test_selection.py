"""Which tests can tell that symbols changed, and in which order to run them.

The strongest evidence is what every test was seen to run (`code_test_covers`). For tests of which nobody knows that,
and for changes outside of functions, which no such map shows, the symbol graph speaks; where that finds next to
nothing, everything that imports what changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from grace.causal.collected import CollectedTest, collected_tests, count_tests, tests_of_files
from grace.causal.imports import importing_files
from grace.causal.reach import Reached, reach
from grace.causal.seed import Seed
from grace.causal.symbols import (
    FUNCTIONS,
    Changed,
    Symbol,
    changed_symbols,
    chunks,
    file_ids,
    file_paths,
    marks,
    symbols_where,
)
from grace.contracts import Affected
from grace.memory.database import Connection
from grace.memory.payload import SymbolKind
from grace.path_roles import is_test, names_dependencies

LEAST = 0.07
"""Tests that are less likely to notice are not selected."""
_COVERED = 0.7
"""A test that ran what changes; more when the symbol graph agrees."""
_MODULE_TO_TEST = 0.6
"""From what a test module runs when it is imported to each of its tests."""
_AT_IMPORT = 0.4
"""So likely it must be that a test module runs what changes; then its tests count though they were not seen to."""
_CERTAIN = 0.8
"""A test that uses what changes so plainly counts even if the map says that it did not when it ran last."""
_SURE, _FEW = 0.5, 0.01
"""One test that is so sure is enough; so small a share of all tests that are less sure is not."""
_PREPARES = {"setup", "setup_method", "setup_class", "setUp", "setUpClass", "asyncSetUp", "tearDown", "tearDownClass"}


class Witness(NamedTuple):
    """A test that may notice."""

    id: str
    path: str
    score: float
    """0 to 1, not calibrated."""
    distance: int
    why: str
    at_import: bool = False
    """What changes is probably run when the test's module is imported: before any test starts."""


def select_tests(connection: Connection, repo_id: int, seed: Seed, *, least: float = LEAST) -> tuple[Affected, ...]:
    """The tests to run for a change, those first that are likeliest to notice it.

    An entry whose `id` is its path stands for a whole file. Empty: the index knows no test that could notice.
    """
    changed = changed_symbols(connection, repo_id, seed)
    guesses = noticing_tests(connection, repo_id, seed, changed, reach(connection, changed.symbols.values()))
    return tuple(
        Affected(path=guess.path, id=guess.id, distance=guess.distance, probability=guess.score, why=guess.why)
        for guess in guesses
        if guess.score >= least
    )


def noticing_tests(
    connection: Connection, repo_id: int, seed: Seed, changed: Changed, reached: Mapping[int, Reached]
) -> list[Witness]:
    """Every test that may notice, likeliest first."""
    covered, mapped = _covering(connection, repo_id, list(changed.symbols))
    unmapped = _unmapped(connection, changed.symbols.values())
    found = covered
    for guess in _reached(connection, reached):
        if ran := covered.get(guess.id):
            found[guess.id] = ran._replace(score=1 - (1 - ran.score) * (1 - guess.score))
        elif guess.id not in mapped or unmapped or guess.at_import or guess.score >= _CERTAIN:
            found[guess.id] = guess
    anything = any(map(names_dependencies, seed.paths))
    if anything or (not mapped and _next_to_nothing(connection, repo_id, list(found.values()))):
        for guess in _importing(connection, repo_id, changed, anything):
            found.setdefault(guess.id, guess)
    return sorted(found.values(), key=lambda guess: (-guess.score, guess.path, guess.id))


def _unmapped(connection: Connection, symbols: Iterable[Symbol]) -> bool:
    """Whether something changes that no map can tell of: it is no function, or nothing of its file was ever seen."""
    files: set[int] = set()
    for symbol in symbols:
        if symbol.kind not in FUNCTIONS:
            return True
        files.add(symbol.file_id)
    seen = "SELECT 1 FROM code_symbols s JOIN code_test_covers c ON c.symbol_id = s.id WHERE s.file_id = ? LIMIT 1"
    return not all(connection.rows(seen, (file_id,)) for file_id in sorted(files))


def _next_to_nothing(connection: Connection, repo_id: int, found: Sequence[Witness]) -> bool:
    if any(guess.score >= _SURE for guess in found):
        return False
    likely = sum(guess.score >= LEAST for guess in found)
    return likely < max(1.0, _FEW * count_tests(connection, repo_id))


def _covering(connection: Connection, repo_id: int, symbols: Sequence[int]) -> tuple[dict[str, Witness], set[str]]:
    """Tests that were seen to run any of the symbols, and all tests of which such things are known."""
    mapped = {name for (name,) in connection.rows("SELECT name FROM code_tests WHERE repo_id = ?", (repo_id,))}
    found: dict[str, Witness] = {}
    if mapped:
        for part in chunks(symbols):
            sql = (
                "SELECT t.name, COUNT(*) FROM code_test_covers c JOIN code_tests t ON t.id = c.test_id "  # noqa: S608 - question marks
                f"WHERE t.repo_id = ? AND c.symbol_id IN ({marks(part)}) GROUP BY t.name"
            )
            for name, count in connection.rows(sql, (repo_id, *part)):
                more = 1 - (1 - _COVERED) / count
                found[name] = Witness(name, name.partition("::")[0], more, 1, "ran it when it ran last")
    return found, mapped


def _reached(connection: Connection, reached: Mapping[int, Reached]) -> list[Witness]:
    """Tests that use what changes, as far as the symbol graph tells."""
    through = {**reached, **_prepared(connection, reached)}
    best: dict[str, Witness] = {}
    for test in collected_tests(connection, [one.symbol for one in through.values()]):
        way = through[test.symbol]
        if test.id not in best or best[test.id].score < way.probability:
            best[test.id] = _witness(test, way, through)
    return list(best.values())


def _prepared(connection: Connection, reached: Mapping[int, Reached]) -> dict[int, Reached]:
    """Tests whose set-up, or whose module as it is imported, uses what changes."""
    groups: dict[int, tuple[Reached, float]] = {}
    for way in reached.values():
        if way.symbol.kind == SymbolKind.METHOD and way.symbol.name in _PREPARES:
            groups[way.symbol.parent_id] = (way, 1.0)
        elif way.symbol.kind == SymbolKind.MODULE:
            groups[way.symbol.id] = (way, _MODULE_TO_TEST)
    found = {}
    for symbol in symbols_where(connection, "parent_id", list(groups)):
        way, share = groups[symbol.parent_id]
        chance = way.probability * share
        if symbol.name.startswith("test") and (symbol.id not in reached or reached[symbol.id].probability < chance):
            found[symbol.id] = Reached(symbol, chance, way.distance, way.symbol.id, 0)
    return found


def _importing(connection: Connection, repo_id: int, changed: Changed, everything: bool) -> Iterable[Witness]:
    """Tests in files that import what changes, at any distance; everything: all tests there are."""
    if everything:
        rows = connection.rows("SELECT path, id FROM code_files WHERE repo_id = ?", (repo_id,))
        files = {path: id_ for path, id_ in rows if is_test(path)}
        distances = dict.fromkeys(files, 1)
        why = "may depend on it"
    else:
        begin = file_paths(connection, sorted({symbol.file_id for symbol in changed.symbols.values()})).values()
        importers = importing_files(connection, repo_id, list(begin))
        tests = [path for path in (*importers, *begin) if is_test(path)]
        files = file_ids(connection, repo_id, tests)
        distances = {path: importers[path].distance if path in importers else 0 for path in files}
        why = "imports it"
    for test in tests_of_files(connection, list(files.values())):
        distance = distances[test.path]
        yield Witness(test.id, test.path, LEAST * (1 + 1 / (1 + distance)), distance, why)


def _witness(test: CollectedTest, way: Reached, reached: Mapping[int, Reached]) -> Witness:
    """With the way from the change to the test in a few words."""
    steps: list[Symbol] = []
    before = reached.get(way.via)
    while before:
        steps.append(before.symbol)
        before = reached.get(before.via)
    names = [step.qualname or step.name for step in steps[:4]]
    why = "uses " + ", which uses ".join(names) if names else "changes itself" if way.distance == 0 else "names a file"
    at_import = bool(steps) and steps[0].kind == SymbolKind.MODULE and way.probability >= _AT_IMPORT
    return Witness(test.id, test.path, way.probability, way.distance, why, at_import)
