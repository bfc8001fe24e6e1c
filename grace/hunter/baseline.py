"""Which findings are new, which stayed and which are gone: multisets of fingerprints, compared."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from grace.contracts import Finding


class Difference(NamedTuple):
    """The findings of after, told apart, and those of before that are gone."""

    new: tuple[Finding, ...]
    unchanged: tuple[Finding, ...]
    gone: tuple[Finding, ...]


def difference(before: Iterable[Finding], after: Iterable[Finding]) -> Difference:
    """Match findings by their fingerprints: first those of the same file, then those that moved to another.

    Of equal ones the first count as the old ones.
    """
    before, after = list(before), list(after)
    new, gone = _unmatched(before, after, lambda finding: (finding.location.path, finding.fingerprint))
    new, gone = _unmatched(gone, new, lambda finding: finding.fingerprint)
    added = set(map(id, new))
    return Difference(tuple(new), tuple(finding for finding in after if id(finding) not in added), tuple(gone))


def _unmatched(
    before: list[Finding], after: list[Finding], identity: Callable[[Finding], object]
) -> tuple[list[Finding], list[Finding]]:
    """The findings of after that have no partner before, and the other way round."""
    known = Counter(map(identity, before))
    new = []
    for finding in after:
        if known[identity(finding)]:
            known[identity(finding)] -= 1
        else:
            new.append(finding)
    gone = []
    for finding in reversed(before):
        if known[identity(finding)]:
            known[identity(finding)] -= 1
            gone.append(finding)
    return new, gone[::-1]
