"""Change -> ScanReport: scan the edited files before and after, and report what is new."""

import re

from grace.contracts import Change, DetectorRun, ScanReport
from grace.hunter.bandit_detector import NAME, Detection, bandit_version, detect
from grace.hunter.fingerprint import only_new
from grace.ports import VersionControl

_SHEBANG = re.compile(rb"#!.*\bpython")


def scan_change(change: Change, *, repository: VersionControl) -> ScanReport:
    """The findings that the change brings in.

    Files that no detector reads, and files that one could not, each show as a detector run of their own.
    Where the base could not be read, all that is found afterwards counts as new.
    """
    paths = [edit.path for edit in change.edits]
    base = repository.read_many(change.base_revision, paths)
    head = {edit.path: edit.after for edit in change.edits if edit.after is not None}
    python = {path for files in (base, head) for path, content in files.items() if is_python(path, content)}
    before = detect({path: base[path] for path in sorted(python & base.keys())})
    after = detect({path: head[path] for path in sorted(python & head.keys())})
    return ScanReport(
        change_digest=change.digest,
        findings=only_new(before.findings, after.findings),
        baseline_count=len(before.findings),
        detector_runs=_runs(before, after, sorted(python & head.keys()), sorted(head.keys() - python)),
    )


def is_python(path: str, content: bytes) -> bool:
    """Whether a file is Python source, by its name or its first line."""
    return path.endswith((".py", ".pyi", ".pyw")) or _SHEBANG.match(content) is not None


def _runs(before: Detection, after: Detection, python: list[str], others: list[str]) -> tuple[DetectorRun, ...]:
    runs = []
    version = bandit_version()
    if python and not after.failures:
        unread = [path for path in before.failures if path in python]
        reason = f"all findings in {', '.join(unread)} count as new: unreadable before the change" if unread else ""
        runs.append(DetectorRun(name=NAME, version=version, status="ok", reason=reason))
    if after.failures:
        reason = "; ".join(f"{path}: {why}" for path, why in after.failures.items())
        runs.append(DetectorRun(name=NAME, version=version, status="failed", reason=reason))
    if others:
        reason = f"not Python: {', '.join(others)}"
        runs.append(DetectorRun(name=NAME, version=version, status="skipped", reason=reason))
    if not runs:
        reason = "the change only deletes files"
        runs.append(DetectorRun(name=NAME, version=version, status="ok", reason=reason))
    return tuple(runs)
