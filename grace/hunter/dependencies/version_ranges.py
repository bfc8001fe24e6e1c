"""Whether a version is affected: PEP 440 order over the ranges and lists of an advisory.

The events of a range are walked in the order of versions, as OSV defines it: from `introduced` on it is affected,
from `fixed` on not, after `last_affected` not; `introduced: 0` comes before everything, pre-releases of 0 included.

A local version (`2.0+cu118`, a build of 2.0) counts as the release that it was built from, unless the advisory
itself speaks of local versions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from grace.hunter.dependencies.advisory import Affected, Event

_ORDER = {"introduced": 0, "last_affected": 1, "fixed": 2}


class Verdict(Enum):
    """Whether a version is affected."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not affected"
    UNDECIDED = "undecided"
    """The advisory's own versions are not comparable."""


@dataclass(frozen=True)
class _Interval:
    """Versions from `start` on (None: from the first) to `end` (None: to the last), with `end` where it is closed."""

    start: Version | None
    end: Version | None
    closed: bool = False

    def __contains__(self, version: Version) -> bool:
        if self.start is not None and _alike(version, self.start) < self.start:
            return False
        if self.end is None:
            return True
        seen = _alike(version, self.end)
        return seen <= self.end if self.closed else seen < self.end


@dataclass(frozen=True)
class Top:
    """The upper end of what a specifier allows."""

    version: Version | None
    """None: there is no end."""
    included: bool = False


@lru_cache(maxsize=16_384)
def parse(text: str) -> Version | None:
    """The version, None when it is none of PEP 440."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def judge(version: Version, affected: Iterable[Affected]) -> Verdict:
    """Whether any of the entries has this version."""
    verdicts = {_judge(version, each) for each in affected}
    if Verdict.AFFECTED in verdicts:
        return Verdict.AFFECTED
    return Verdict.UNDECIDED if Verdict.UNDECIDED in verdicts else Verdict.NOT_AFFECTED


def judge_text(version: str, affected: Iterable[Affected]) -> Verdict:
    """The same for what is no version of PEP 440: it can only be listed as it is."""
    return Verdict.AFFECTED if any(version in each.versions for each in affected) else Verdict.UNDECIDED


def judge_top(top: Top, affected: Iterable[Affected]) -> Verdict:
    """Whether the newest versions below an upper end are affected, whichever they are."""
    if top.version is not None and top.included:
        return judge(top.version, affected)
    for entry in affected:
        for events in entry.ranges:
            if any(_reaches(interval, top.version) for interval in _intervals(events) or ()):
                return Verdict.AFFECTED
    return Verdict.NOT_AFFECTED


def top_of(specifier: SpecifierSet) -> Top:
    """The upper end of a specifier: of `>=1,<3` everything below 3."""
    tops = [top for clause in specifier if (top := _top(clause.operator, clause.version)) is not None]
    return min(tops, key=lambda top: (_lowest(top.version), top.included), default=Top(None))


def lowest_fix(above: Version | None, affected: Sequence[Affected]) -> Version | None:
    """The lowest version that a range calls fixed, above a given one, and that no entry calls affected."""
    fixes = {
        fix
        for entry in affected
        for events in entry.ranges
        for event in events
        if event.kind == "fixed" and (fix := parse(event.version)) is not None
    }
    later = sorted(fix for fix in fixes if above is None or fix > above)
    return next((fix for fix in later if judge(fix, affected) is Verdict.NOT_AFFECTED), None)


def _judge(version: Version, affected: Affected) -> Verdict:
    listed = _listed(affected.versions)
    if version in listed or (version.local is not None and Version(version.public) in listed):
        return Verdict.AFFECTED
    ranges = [_intervals(events) for events in affected.ranges]
    if any(version in interval for intervals in ranges for interval in intervals or ()):
        return Verdict.AFFECTED
    undecided = None in ranges or not any(affected.ranges)
    return Verdict.UNDECIDED if undecided and not listed else Verdict.NOT_AFFECTED


@lru_cache(maxsize=4096)
def _listed(versions: tuple[str, ...]) -> frozenset[Version]:
    return frozenset(version for text in versions if (version := parse(text)) is not None)


@lru_cache(maxsize=4096)
def _intervals(events: tuple[Event, ...]) -> tuple[_Interval, ...] | None:
    """The stretches of affected versions; None when an event is at something that is no version."""
    ordered: list[tuple[Version | None, str]] = []
    if not any(event.kind == "introduced" for event in events):
        events = (Event("introduced", "0"), *events) if events else ()
    for event in events:
        version = parse(event.version)
        if version is None:
            return None
        from_the_first = event.kind == "introduced" and event.version == "0"
        ordered.append((None if from_the_first else version, event.kind))
    ordered.sort(key=lambda each: (each[0] is not None, _lowest(each[0]), _ORDER[each[1]]))
    found: list[_Interval] = []
    start: Version | None = None
    inside = False
    for version, kind in ordered:
        if kind == "introduced" and not inside:
            start, inside = version, True
        elif kind != "introduced" and inside:
            found.append(_Interval(start, version, closed=kind == "last_affected"))
            inside = False
    if inside:
        found.append(_Interval(start, None))
    return tuple(found)


def _alike(version: Version, bound: Version) -> Version:
    """The version as it compares with a bound: without its local part, unless the bound has one."""
    return version if version.local is None or bound.local is not None else Version(version.public)


_NEVER = Version("999999!0")


def _lowest(version: Version | None) -> Version:
    return _NEVER if version is None else version


def _reaches(interval: _Interval, top: Version | None) -> bool:
    """Whether an interval goes up to just below a version (None: for ever)."""
    if interval.end is None:
        return top is None or interval.start is None or interval.start < top
    if top is None or (interval.start is not None and interval.start >= top):
        return False
    return interval.end >= top


def _top(operator: str, text: str) -> Top | None:
    """The upper end that one clause sets; None: none."""
    version = parse(text.removesuffix(".*"))
    if version is None:
        return None
    release = version.release
    if operator == "==" and text.endswith(".*"):
        return Top(_first(version.epoch, (*release[:-1], release[-1] + 1)))
    if operator == "~=" and len(release) > 1:
        return Top(_first(version.epoch, (*release[:-2], release[-2] + 1)))
    if operator == "<":
        return Top(version if version.is_prerelease or version.is_postrelease else _first(version.epoch, release))
    return Top(version, included=True) if operator in ("<=", "==") else None


def _first(epoch: int, release: tuple[int, ...]) -> Version:
    """The first of all versions of a release: its earliest development release."""
    return Version(f"{epoch}!{'.'.join(map(str, release))}.dev0")
