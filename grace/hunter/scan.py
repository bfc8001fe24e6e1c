"""All detectors on a tree, or on two: what is weak, and what a change brings in.

Both trees are scanned whole, for a guard that goes in one file brings a sink in another to life. Only for secrets and
for comments that silence, which are what they are wherever they stand, the files that differ are enough.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from grace.contracts import Change, DetectorRun, Finding, ScanReport, Suppression
from grace.errors import EnvironmentLacking, GraceError, TransientError
from grace.hunter.baseline import difference
from grace.hunter.cache import FILE_NAME, ResultCache
from grace.hunter.detectors import (
    NOT_ANALYSED,
    code_detectors,
    secrets_detector,
    suffix,
    suppressions_detector,
)
from grace.hunter.file_scan import TOO_LARGE, Found, scan_files
from grace.hunter.incomplete import DETECTOR_FAILED, RULES, incomplete, shortened
from grace.hunter.merge import Merged, merge
from grace.hunter.project_scan import audit_dependencies, follow_data, local_advisories, touches_dependencies
from grace.hunter.tree import Tree
from grace.hunter.trees import edited_tree, revision_tree, without
from grace.places import home
from grace.ports import VersionControl

if TYPE_CHECKING:
    from grace.hunter.dependencies import Advisories

NAME = "scan"
_RANKS = {"high": 0, "medium": 1, "low": 2}
_Said = dict[str, Found]
"""What the detectors say, by their names."""


@dataclass(frozen=True)
class Scan:
    """What is found in a tree, or on the way from one to another."""

    new: tuple[Finding, ...]
    """Without a base, all."""
    unchanged: tuple[Finding, ...] = ()
    gone: tuple[Finding, ...] = ()
    suppressed: tuple[Suppression, ...] = ()
    """What of the new ones was taken back."""
    runs: tuple[DetectorRun, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every detector looked at all that it reads."""
        failed = any(run.status == "failed" for run in self.runs)
        return not failed and not any(finding.rule_id in RULES for finding in self.new)


def scan_change(
    change: Change,
    *,
    repository: VersionControl,
    results: ResultCache | None = None,
    advisories: "Callable[[], Advisories]" = local_advisories,
) -> ScanReport:
    """The findings that a change brings in, those that it ends, and what could not be looked at.

    `results` of earlier scans are by default those below GRACE's home; `advisories` opens what dependencies are
    compared with, by default the local ones.
    """
    base = revision_tree(repository, change.base_revision)
    head = edited_tree(base, change.edits)
    scan = compare(base, head, message=change.rationale, results=results, advisories=advisories)
    return ScanReport(
        change_digest=change.digest,
        findings=scan.new,
        baseline_count=len(scan.unchanged) + len(scan.gone),
        gone=scan.gone,
        suppressed=scan.suppressed,
        detector_runs=scan.runs,
    )


def scan_tree(
    tree: Tree, *, results: ResultCache | None = None, advisories: "Callable[[], Advisories]" = local_advisories
) -> Scan:
    """All findings of a tree."""
    opened = results or ResultCache(home() / FILE_NAME)
    try:
        said = _code(tree, opened) | scan_files(tree, [secrets_detector()], opened)
    finally:
        if results is None:
            opened.close()
    said["dependencies"] = audit_dependencies(tree, advisories)
    found, suppressed = _merged(said)
    findings = [*found, *incomplete(said, tree)]
    runs = [_run(name, each, each.failures) for name, each in said.items() if each.files]
    return Scan(new=_ordered(findings), suppressed=suppressed, runs=(*runs, *_left_out(tree.keys, runs)))


def compare(
    base: Tree,
    head: Tree,
    *,
    message: str = "",
    results: ResultCache | None = None,
    advisories: "Callable[[], Advisories]" = local_advisories,
) -> Scan:
    """What the step from one tree to another brings in; `message` is what its commit would say."""
    opened = results or ResultCache(home() / FILE_NAME)
    changed = {path for path in {*base.keys, *head.keys} if base.keys.get(path) != head.keys.get(path)}
    try:
        after = _both(head, changed, opened)
        before, unread = _before(base, changed, opened)
    finally:
        if results is None:
            opened.close()
    if touches_dependencies(changed):
        opened_once = cache(advisories)
        before["dependencies"] = audit_dependencies(base, opened_once)
        after["dependencies"] = audit_dependencies(head, opened_once)
    if message:
        _look_at_message(message, after["secrets"])
    was, was_suppressed = _merged(before)
    is_now, suppressed = _merged(after)
    lasting = (finding for finding in incomplete(before, base) if finding.rule_id != DETECTOR_FAILED)
    split = difference([*was, *lasting], [*is_now, *incomplete(after, head)])
    fresh = {finding.location.path for finding in split.new if finding.rule_id in RULES}
    runs = []
    for name, each in after.items():
        if each.files or each.crashes:
            failures = {path: why for path, why in each.failures.items() if path in fresh}
            runs.append(_run(name, each, failures, unread or _of_base(before.get(name, Found()), each, changed)))
    known = {suppression.finding.fingerprint for suppression in was_suppressed}
    return Scan(
        new=_ordered(split.new),
        unchanged=_ordered(split.unchanged),
        gone=_ordered(split.gone),
        suppressed=tuple(each for each in suppressed if each.finding.fingerprint not in known),
        runs=(*runs, *_left_out(changed & head.keys.keys(), runs)),
    )


def _code(tree: Tree, results: ResultCache) -> _Said:
    """What the detectors of code say of all files."""
    said = scan_files(tree, code_detectors(), results)
    too_large = {path for path, why in said["bandit"].failures.items() if why == TOO_LARGE}
    return {"taint": follow_data(without(tree, too_large) if too_large else tree, results)} | said


def _both(tree: Tree, changed: Collection[str], results: ResultCache) -> _Said:
    """What the detectors of code say of all files, and the others of those that differ."""
    others = [secrets_detector(), suppressions_detector()]
    return _code(tree, results) | scan_files(tree, others, results, only=changed)


def _before(base: Tree, changed: Collection[str], results: ResultCache) -> tuple[_Said, str]:
    """The same of the base; with nothing in it, and the reason, when it cannot be read."""
    try:
        return _both(base, changed, results), ""
    except (TransientError, EnvironmentLacking):
        raise
    except GraceError as error:
        return {}, f"all that is found counts as new: the base could not be read ({error})"


def _look_at_message(message: str, said: Found) -> None:
    from grace.hunter.secrets import COMMIT_MESSAGE, detect_in_message

    try:
        said.add(detect_in_message(message))
    except Exception as error:  # noqa: BLE001 - it becomes a finding, and the scan goes on
        said.crashes[COMMIT_MESSAGE] = f"{type(error).__name__}: {error}"


def _merged(said: Mapping[str, Found]) -> tuple[list[Finding], tuple[Suppression, ...]]:
    """All findings, those of bandit and taint made one where they mean the same."""
    nothing = Found()
    taint = said.get("taint", nothing)
    unread = taint.failures.keys() | {path for path in taint.crashes if path}
    bandit = said.get("bandit", nothing).findings
    merged = (
        merge(bandit, taint.findings, taint.judgements, unread)
        if "" not in taint.crashes
        else Merged(tuple(bandit), ())
    )
    others = (each for name, each in said.items() if name not in ("bandit", "taint"))
    return [*merged.findings, *(finding for each in others for finding in each.findings)], merged.suppressed


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The gravest and surest first."""

    def order(finding: Finding) -> tuple[object, ...]:
        place = finding.location
        return _RANKS[finding.severity], _RANKS[finding.confidence], place.path, place.line, finding.rule_id

    return tuple(sorted(findings, key=order))


def _run(name: str, said: Found, failures: Mapping[str, str], about_base: str = "") -> DetectorRun:
    """How a detector did; `failures` are those that count."""
    reasons = [f"{path or 'the project'}: {error}" for path, error in said.crashes.items()]
    reasons += (f"{path}: {why}" for path, why in failures.items())
    if reasons:
        return DetectorRun(name=name, version=_version(name), status="failed", reason=shortened(reasons))
    old = sorted(said.failures.keys() - failures.keys())
    notes = [about_base] if about_base else []
    notes += [f"not analysed, before as after: {shortened(old)}"] if old else []
    return DetectorRun(name=name, version=_version(name), status="ok", reason="; ".join(notes))


def _of_base(before: Found, after: Found, changed: Collection[str]) -> str:
    """What the run should say where the base was not read and the head is."""
    if before.crashes:
        return f"all that it finds counts as new: it failed on the base ({next(iter(before.crashes.values()))})"
    unread = sorted(path for path in before.failures if path in changed and path not in after.failures)
    return f"all findings count as new in what was unreadable before: {shortened(unread)}" if unread else ""


def _left_out(paths: Collection[str], runs: Sequence[DetectorRun]) -> Iterator[DetectorRun]:
    """What no detector reads, said aloud."""
    foreign = sorted(path for path in paths if suffix(path) in NOT_ANALYSED)
    if foreign:
        reason = f"looked at for secrets only: {shortened(foreign)}"
        yield DetectorRun(name=NAME, version=_version(NAME), status="skipped", reason=reason)
    elif not runs:
        yield DetectorRun(name=NAME, version=_version(NAME), status="ok", reason="there is nothing to look at")


def _version(name: str) -> str:
    return version("bandit" if name == "bandit" else "grace")
