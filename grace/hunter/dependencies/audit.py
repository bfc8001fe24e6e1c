"""The audit: every dependency file of a tree against known vulnerabilities.

What can be audited goes through pip-audit's auditor as exact versions; what cannot becomes a finding, so that an
audit that saw nothing never looks like one that found nothing.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from grace.contracts import Finding
from grace.hunter.dependencies.coverage import Subject, local_gaps, subjects
from grace.hunter.dependencies.dependency_files import DependencyFile, DependencyFiles, read_dependency_files
from grace.hunter.dependencies.findings import not_audited, stale, vulnerable
from grace.hunter.dependencies.gaps import Gap, Kind, cut
from grace.hunter.dependencies.inquiry import Inquiry, Reply
from grace.hunter.dependencies.sources import Advisories
from grace.hunter.detection import Detection
from grace.hunter.tree import Tree

STALE_AFTER = timedelta(days=30)


def audit(tree: Tree, *, advisories: Advisories, now: datetime | None = None) -> Detection:
    """The known vulnerabilities of a tree's dependencies, and all that could not be audited.

    Reads the files whose names say that they declare dependencies, and what those include. Nothing is run, resolved
    or installed; the network is asked only when `advisories` were opened to do so. `now` is when the audit takes
    place: advisories that are older than 30 days then are a finding.
    """
    files = read_dependency_files(tree)
    entries = {path: list(subjects(file, files)) for path, file in files.files.items()}
    asked = {path: [each for each in found if isinstance(each, Subject)] for path, found in entries.items()}
    inquiry = Inquiry(advisories, (subject for found in asked.values() for subject in found))
    findings: list[Finding] = []
    for path, file in files.files.items():
        replies = [(subject, inquiry.about(subject)) for subject in asked[path]]
        for subject, reply in replies:
            findings += [vulnerable(subject, each, file) for each in reply.knowledge.vulnerabilities]
        gaps = list(_unread(file, files))
        if nobody := _nobody_to_ask(file, advisories, replies):
            gaps.append(nobody)
        else:
            gaps += [entry for entry in entries[path] if isinstance(entry, Gap)]
            gaps += local_gaps(file, files)
        gaps += [gap for subject, reply in replies for gap in _unanswered(subject, reply)]
        findings += [not_audited(gap, file) for gap in cut(gaps)]
    findings += _stale(files, advisories, now or datetime.now(UTC))
    return Detection(tuple(sorted(findings, key=lambda each: (each.location.path, each.location.line))))


def _unread(file: DependencyFile, files: DependencyFiles) -> Iterator[Gap]:
    """What of a file could not be understood."""
    if file.unreadable:
        yield Gap(file.path, 1, f"{file.path} was not audited: {file.unreadable}", ("file", file.key), Kind.FILE)
    for problem in (*file.declarations.problems, *files.broken_includes.get(file.path, ())):
        identity = ("problem", problem.reason, file.line(problem.line).strip())
        yield Gap(file.path, problem.line, f"A line was not audited: {problem.reason}", identity)


def _nobody_to_ask(
    file: DependencyFile, advisories: Advisories, replies: Iterable[tuple[Subject, Reply]]
) -> Gap | None:
    """One gap for a whole file, when there is no source of knowledge."""
    if not file.declarations.dependencies:
        return None
    reason = next((reply.unreachable for _, reply in replies if reply.unreachable), "")
    if not reason and advisories.answers:
        return None
    identity = ("nobody", _digest([file]))
    return Gap(file.path, 1, f"Nothing in {file.path} was audited. {reason or advisories.missing}", identity, Kind.FILE)


def _unanswered(subject: Subject, reply: Reply) -> Iterator[Gap]:
    """What the sources could not tell of one dependency."""
    identity = (subject.name, subject.version or subject.specifier)
    if reply.skipped:
        reason = f"{subject.name} was not audited: {reply.skipped}"
        yield Gap(subject.path, subject.line, reason, ("skipped", *identity))
    if reply.knowledge.undecided:
        ids = ", ".join(reply.knowledge.undecided)
        reason = f"{subject.name} {subject.version} cannot be compared with the versions of {ids}: read what they say"
        yield Gap(subject.path, subject.line, reason, ("undecided", *identity, ids))


def _stale(files: DependencyFiles, advisories: Advisories, now: datetime) -> Iterator[Finding]:
    """One finding, when what the dependencies were compared with is old."""
    declaring = [file for file in files.files.values() if file.declarations.dependencies]
    if not declaring or advisories.store is None or not advisories.local_was_asked:
        return
    date = advisories.store.about.date
    if date is None:
        yield stale("of unknown age", _digest(declaring), declaring[0])
    elif now - date > STALE_AFTER:
        yield stale(f"{(now - date).days} days old", _digest(declaring), declaring[0])


def _digest(files: Iterable[DependencyFile]) -> str:
    """What identifies everything that files declare, wherever and in whatever order."""
    declared = {
        (each.name, each.version or "", each.specifier, each.marker)
        for file in files
        for each in file.declarations.dependencies
    }
    return hashlib.sha256("\0".join(part for each in sorted(declared) for part in each).encode()).hexdigest()
