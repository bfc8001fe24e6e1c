"""Asking about the dependencies of a run, each version once, through pip-audit's auditor."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from grace.hunter.dependencies.coverage import Subject
from grace.hunter.dependencies.known import NOTHING_KNOWN, Knowledge, of_newest, of_text
from grace.hunter.dependencies.sources import Advisories
from grace.hunter.dependencies.version_ranges import parse


@dataclass(frozen=True)
class Reply:
    """What came of asking about one dependency."""

    knowledge: Knowledge = NOTHING_KNOWN
    skipped: str = ""
    """Why a service that answers says nothing of this one."""
    unreachable: str = ""
    """Why there was nobody to ask."""


class Inquiry:
    """The replies about the dependencies of a tree."""

    def __init__(self, advisories: Advisories, subjects: Iterable[Subject]) -> None:
        """Ask about all of them."""
        subjects = list(subjects)
        exact = {(each.name, version) for each in subjects if (version := _version(each)) is not None}
        self._exact = dict(_ask(advisories, sorted(exact))) if exact and advisories.answers else {}
        self._others = {each: _of_others(each, advisories) for each in subjects if _version(each) is None}

    def about(self, subject: Subject) -> Reply:
        """What is known of a dependency."""
        if (version := _version(subject)) is None:
            return self._others[subject]
        return self._exact.get((subject.name, version), Reply())


def _version(subject: Subject) -> Version | None:
    return parse(subject.version) if subject.version is not None else None


def _of_others(subject: Subject, advisories: Advisories) -> Reply:
    """Of a range, and of an exact version that is none of PEP 440: only the local database can tell."""
    known = advisories.local(subject.name)
    if subject.version is not None:
        reason = f"{subject.version} is no version that PEP 440 knows, and was only looked for as it is written"
        return Reply(Knowledge(of_text(subject.version, known).vulnerabilities), skipped=reason)
    try:
        return Reply(of_newest(SpecifierSet(subject.specifier), known))
    except InvalidSpecifier:
        return Reply()


def _ask(advisories: Advisories, exact: list[tuple[str, Version]]) -> Iterator[tuple[tuple[str, Version], Reply]]:
    from pip_audit._audit import Auditor

    from grace.hunter.dependencies.vulnerability_services import ExactVersions, Unreachable, knowledge_of

    answers = Auditor(advisories.service()).audit(ExactVersions(exact))
    for key, (dependency, results) in zip(exact, answers, strict=True):
        if isinstance(dependency, Unreachable):
            yield key, Reply(unreachable=dependency.skip_reason)
        elif dependency.is_skipped():
            yield key, Reply(skipped=getattr(dependency, "skip_reason", "the service skipped it"))
        else:
            yield key, Reply(knowledge_of(results))
