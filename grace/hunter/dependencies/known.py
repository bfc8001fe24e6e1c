"""What is known of one version of a package: the advisories that are about it, each vulnerability once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from grace.hunter.dependencies.advisory import Advisory, Affected
from grace.hunter.dependencies.rating import UNRATED, Rating
from grace.hunter.dependencies.version_ranges import Verdict, judge, judge_text, judge_top, lowest_fix, parse, top_of


@dataclass(frozen=True)
class Vulnerability:
    """One vulnerability, by all its names."""

    ids: tuple[str, ...]
    """The best known name first: CVE, then PYSEC, then GHSA, then others."""
    summary: str
    rating: Rating
    fixed: Version | None
    """The lowest version without it; None: none is named."""
    malicious: bool = False
    certain: bool = True
    """No other version can be meant, as far as the advisories say."""


@dataclass(frozen=True)
class Knowledge:
    """What advisories say of a version."""

    vulnerabilities: tuple[Vulnerability, ...] = ()
    undecided: tuple[str, ...] = ()
    """Advisories that may be about it: their versions cannot be compared with it."""


NOTHING_KNOWN = Knowledge()


def of_version(version: Version, advisories: Iterable[Advisory]) -> Knowledge:
    """What is known of an exact version."""
    verdicts = [(advisory, judge(version, advisory.affected)) for advisory in advisories]
    return _knowledge(verdicts, version)


def of_text(version: str, advisories: Iterable[Advisory]) -> Knowledge:
    """What is known of an exact version that PEP 440 does not know: only what lists it as it is written."""
    return _knowledge([(advisory, judge_text(version, advisory.affected)) for advisory in advisories], None)


def of_newest(specifier: SpecifierSet, advisories: Sequence[Advisory]) -> Knowledge:
    """What is known of the newest versions that a requirement allows.

    Of a name that is only known for doing harm, it is enough that one of the harmful versions is allowed: it is
    seldom the name that was meant.
    """
    top = top_of(specifier)
    verdicts = [(advisory, judge_top(top, advisory.affected)) for advisory in advisories]
    if found := _knowledge(verdicts, top.version).vulnerabilities:
        return Knowledge(found)
    if all(advisory.malicious for advisory in advisories):
        allowed = [(advisory, _allows(specifier, advisory)) for advisory in advisories]
        harmful = _knowledge(allowed, top.version).vulnerabilities
        return Knowledge(tuple(replace(each, certain=False) for each in harmful))
    return NOTHING_KNOWN  # what cannot be compared is told of the version that is installed


def told_by_service(version: Version, advisories: Iterable[Advisory]) -> Knowledge:
    """What is known of a version that a service has matched with advisories by itself."""
    return _knowledge([(advisory, Verdict.AFFECTED) for advisory in advisories], version)


def _allows(specifier: SpecifierSet, advisory: Advisory) -> Verdict:
    listed = (parse(text) for entry in advisory.affected for text in entry.versions)
    allowed = any(version is not None and specifier.contains(version, prereleases=True) for version in listed)
    return Verdict.AFFECTED if allowed else Verdict.NOT_AFFECTED


def _knowledge(verdicts: Sequence[tuple[Advisory, Verdict]], above: Version | None) -> Knowledge:
    affecting = [advisory for advisory, verdict in verdicts if verdict is Verdict.AFFECTED]
    named = {name for advisory in affecting for name in (advisory.id, *advisory.aliases)}
    undecided = {
        advisory.id
        for advisory, verdict in verdicts
        if verdict is Verdict.UNDECIDED and named.isdisjoint((advisory.id, *advisory.aliases))
    }
    return Knowledge(
        tuple(sorted((_merged(group, above) for group in _same(affecting)), key=lambda each: each.ids)),
        tuple(sorted(undecided)),
    )


def _same(advisories: Iterable[Advisory]) -> list[list[Advisory]]:
    """Advisories that describe the same thing, together: they share a name, or another one shares names with both."""
    groups: list[tuple[set[str], list[Advisory]]] = []
    for advisory in advisories:
        names, members = {advisory.id, *advisory.aliases}, [advisory]
        apart = []
        for group in groups:
            if names.isdisjoint(group[0]):
                apart.append(group)
            else:
                names |= group[0]
                members = [*group[1], *members]
        groups = [*apart, (names, members)]
    return [members for _, members in groups]


def _merged(group: Sequence[Advisory], above: Version | None) -> Vulnerability:
    ids = sorted({name for advisory in group for name in (advisory.id, *advisory.aliases)}, key=_prominence)
    affected: list[Affected] = [entry for advisory in group for entry in advisory.affected]
    ratings = [advisory.rating for advisory in group if advisory.severity is not None]
    summaries = sorted((advisory.summary for advisory in group if advisory.summary), key=lambda text: (len(text), text))
    return Vulnerability(
        tuple(ids),
        summaries[0] if summaries else "",
        max(ratings, key=_gravity, default=UNRATED),
        lowest_fix(above, affected),
        any(advisory.malicious for advisory in group),
    )


def _gravity(rating: Rating) -> tuple[int, bool, str]:
    order = ("low", "medium", "high")
    return order.index(rating.severity) if rating.severity else -1, rating.text.startswith("CVSS"), rating.text


def _prominence(name: str) -> tuple[int, str]:
    kinds = ("CVE-", "PYSEC-", "GHSA-")
    return next((at for at, kind in enumerate(kinds) if name.startswith(kind)), len(kinds)), name
