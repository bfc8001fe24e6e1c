"""The tests of an impact in the order in which they tell most: the best of each file first, file by file."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from grace.causal.calibration import chance_of_change, chance_of_difference
from grace.causal.collected import tests_of_files
from grace.causal.files import Companion
from grace.causal.symbols import Changed, file_ids
from grace.causal.test_selection import LEAST, Witness
from grace.contracts import Affected
from grace.memory.database import Connection
from grace.path_roles import is_test

_LIKELY_FILE = 0.1
"""Test files that are known by history or name only, and are less likely, are not named."""
_MOST_FILES = 30
_HELPER = 0.8
"""How much of its score a file keeps that tests use and that holds none."""
_MOST_TESTS = 5_000
_WORD = re.compile(r"[a-z]+|[A-Z][a-z]*|[0-9]+")


def impacted_tests(
    connection: Connection,
    repo_id: int,
    changed: Changed,
    edited: Sequence[str],
    files: Sequence[Companion],
    witnesses: Sequence[Witness],
) -> tuple[Affected, ...]:
    """The best test of each file in the order of the files, then the rest, likeliest first.

    `files` are the test files that go with what is edited, likeliest first; `witnesses` the tests that may notice,
    likeliest first. A file that no witness lies in is represented by the test that is named most like the change.
    """
    of_file: defaultdict[str, list[Witness]] = defaultdict(list)
    for one in witnesses:
        if one.score >= LEAST or one.path in edited:
            of_file[one.path].append(one)
    ranked = [Companion(path, 1.0, 0, "edited") for path in edited if is_test(path)]
    unseen = [file for file in files if file.path not in of_file and file.score >= _LIKELY_FILE][:_MOST_FILES]
    likest = _likest(connection, repo_id, changed, unseen)
    for file in files:
        if file.path in of_file or file.path in likest:
            ranked.append(file)
        elif file in unseen:
            ranked.append(file._replace(score=file.score * _HELPER))
    ranked.sort(key=lambda file: -file.score)
    first: list[Affected] = []
    rest: list[Witness] = []
    for file in ranked:
        best, *others = of_file.pop(file.path, [None])
        first.append(_of_file(file, best, likest.get(file.path, file.path)))
        rest += filter(None, others)
    rest += [one for found in of_file.values() for one in found]
    rest.sort(key=lambda one: (-one.score, one.path, one.id))
    return (*first, *map(_of_test, rest[:_MOST_TESTS]))


def _of_file(file: Companion, best: Witness | None, likest: str) -> Affected:
    chance = chance_of_change(file.score)
    if best is None:
        return Affected(path=file.path, id=likest, distance=file.distance, probability=chance, why=file.why)
    return Affected(
        path=file.path,
        id=best.id,
        distance=best.distance,
        probability=max(chance, chance_of_difference(best.score)),
        why=f"{best.why}; {file.why}",
    )


def _of_test(one: Witness) -> Affected:
    chance = chance_of_difference(one.score)
    return Affected(path=one.path, id=one.id, distance=one.distance, probability=chance, why=one.why)


def _likest(connection: Connection, repo_id: int, changed: Changed, files: Sequence[Companion]) -> dict[str, str]:
    """File -> its test whose name shares most words with what changes; files without tests are left out."""
    wanted = _words(symbol.qualname for symbol in changed.symbols.values())
    best: dict[str, tuple[int, str]] = {}
    for test in tests_of_files(connection, list(file_ids(connection, repo_id, [one.path for one in files]).values())):
        shared = len(wanted & _words((test.id.rpartition("::")[2],)))
        if test.path not in best or shared > best[test.path][0]:
            best[test.path] = (shared, test.id)
    return {path: id_ for path, (_, id_) in best.items()}


def _words(names: Iterable[str]) -> set[str]:
    return {word.lower() for name in names for word in _WORD.findall(name)} - {"test"}
