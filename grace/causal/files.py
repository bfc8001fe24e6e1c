"""Which other files a change to some files brings with it, likeliest first.

What history says of the files is drawn towards what one would expect without it, the more the less history there is:
who uses whom, what is named alike, and which files change often anyway. The weights were
found on histories of other projects than those we report on; `benchmarks/impact_quality.py` measures what they do.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from grace.causal.cochange import Partner, partners, restless
from grace.causal.neighbours import named_like, paths_like, used_with
from grace.causal.symbols import file_ids
from grace.memory.database import Connection
from grace.memory.languages import language
from grace.path_roles import is_test

_PRIOR = 2.0
"""What one expects without history counts as much as so many commits."""
_CHANCE = 0.5
"""Of the times that files changed together, so many are taken for chance."""
_FADES = 0.5
"""How much of the expectation much history takes away."""
_USES, _TESTS, _USED, _NAMED, _RESTLESS = 0.25, 0.6, 0.2, 0.6, 0.5
_NO_CODE = 0.2
"""Change logs and settings change with everything, and nothing follows from it."""
_MOST = 400


class Companion(NamedTuple):
    """A file that probably changes too, or whose behaviour does."""

    path: str
    score: float
    """0 to 1, not calibrated."""
    distance: int | None
    why: str


def companions(
    connection: Connection,
    repo_id: int,
    files: Mapping[str, int],
    paths: Sequence[str],
    reached: Mapping[str, float],
) -> list[Companion]:
    """Files that go with the given paths, best first; the paths themselves are left out.

    `files` gives the ids of those that are indexed, `reached` how likely the change shows in others (path -> 0 to 1).
    """
    if not paths:
        return []
    history = partners(connection, repo_id, paths)
    users, used = used_with(connection, files)
    named = named_like(paths, paths_like(connection, repo_id, paths))
    busy = restless(connection, repo_id)
    certainty = history.support / (history.support + _PRIOR)
    own = set(paths)
    found = []
    for path in {*history.found, *users, *used, *named, *busy, *reached} - own:
        partner = history.found.get(path)
        together = partner.share * partner.together / (partner.together + _CHANCE) if partner else 0.0
        expected = (
            (_TESTS if is_test(path) else _USES) * max(users.get(path, 0.0), reached.get(path, 0.0))
            + _USED * used.get(path, 0.0)
            + _NAMED * named.get(path, 0.0)
            + _RESTLESS * busy.get(path, 0.0)
        )
        score = certainty * together + (1 - _FADES * certainty) * expected
        if not language(path):
            score *= _NO_CODE
        if score <= 0:
            continue
        why = _why(partner, users.get(path, 0.0), used.get(path, 0.0), named.get(path, 0.0), reached.get(path, 0.0))
        near = 1 if path in users or path in used else None
        found.append(Companion(path, min(score, 1.0), near, why))
    found.sort(key=lambda companion: (-companion.score, companion.path))
    likeliest = found[:_MOST]
    there = _existing(connection, repo_id, [companion.path for companion in likeliest])
    return [companion for companion in likeliest if companion.path in there]


def _existing(connection: Connection, repo_id: int, paths: Sequence[str]) -> set[str]:
    """Those that there are: history tells of many files that are gone."""
    rows = connection.rows("SELECT location FROM code_repositories WHERE id = ?", (repo_id,))
    root = Path(rows[0][0]) if rows else Path()
    there = set(file_ids(connection, repo_id, paths))
    if not root.is_dir():  # indexed on another machine
        return there | {path for path in paths if not language(path)}
    return there | {path for path in paths if path not in there and (root / path).is_file()}


def _why(partner: Partner | None, user: float, used: float, named: float, reached: float) -> str:
    said = []
    if partner:
        times = f"{partner.together} times" if partner.together > 1 else "once"
        said.append(f"changed together {times}, {partner.share:.0%} of the time")
    if user or reached:
        said.append("uses it")
    if used:
        said.append("is used by it")
    if named:
        said.append("is named like it")
    return "; ".join(said) or "changes often"
