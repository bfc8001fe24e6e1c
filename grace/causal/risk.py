"""How much could go wrong, from counts alone; each rule that applies gives a reason.

- high: more than 10 files edited; or more than 10 other files, and more than 40 % of all, are reached; or a function
  with more than 200 known users changes.
- medium: more than 10 other files are reached; a package's `__init__.py` is edited; no test reaches the change; a
  function with more than 20 users changes; 3 or more commits mended these files within a year.
- low: otherwise.
"""

from collections.abc import Sequence
from typing import NamedTuple

from grace.contracts import Affected, Risk

_MANY_FILES, _LARGE_SHARE = 10, 0.4
_MANY_USERS, _HUB = 20, 200
_MANY_FIXES = 3


class Counts(NamedTuple):
    """What a risk is told from."""

    edited: Sequence[str]
    others: int
    """Other files reached, tests not counted."""
    total: int
    """Files of the project, tests not counted."""
    tests: int
    """Test files that reach it."""
    how: str
    """What the other files do, as a verb with its object."""
    users: Sequence[tuple[str, int]] = ()
    """Functions and classes that change -> how many others use them."""
    fixes: int = 0
    """Commits of the last year that mended what is edited."""


def files_of(tests: Sequence[Affected]) -> int:
    """How many files they lie in."""
    return len({affected.path for affected in tests})


def judge(counts: Counts) -> tuple[Risk, tuple[str, ...]]:
    """The risk, and why: worst first."""
    share = counts.others / counts.total if counts.total else 0.0
    high, medium = [], []
    if len(counts.edited) > _MANY_FILES:
        high.append(f"{len(counts.edited)} files are edited")
    if counts.others > _MANY_FILES and share > _LARGE_SHARE:
        high.append(f"{counts.others} other files ({share:.0%} of the project) {counts.how}")
    elif counts.others > _MANY_FILES:
        medium.append(f"{counts.others} other files {counts.how}")
    for name, users in counts.users:
        if users > _MANY_USERS:
            (high if users > _HUB else medium).append(f"{name} has {users} users")
    medium.extend(f"{path} is a package's interface" for path in counts.edited if path.endswith("__init__.py"))
    if not counts.tests:
        medium.append(f"no test {_singular(counts.how)}")
    if counts.fixes >= _MANY_FIXES:
        medium.append(f"{counts.fixes} commits of the last year mended what is edited")
    if high or medium:
        return (Risk.HIGH if high else Risk.MEDIUM), (*high, *medium)
    return Risk.LOW, (f"{counts.others} other files {counts.how}; {counts.tests} test files reach it",)


def _singular(how: str) -> str:
    verb, _, what = how.partition(" ")
    return f"{verb}s {what}"
