"""What an audit found, as findings.

A finding is the same one after lines and files have moved: what identifies it is the rule, the package, its version
as the file gives it, and the vulnerability. A pin that moves to another version with the same vulnerability is a new
finding: whoever edits the line is told. What was not audited is identified by what was declared: a change that
leaves the dependencies alone brings no new finding, one that adds a dependency nobody audits does.
"""

import hashlib

from grace.contracts import Finding, Location, Severity
from grace.hunter.catalogue import Rule, catalogue
from grace.hunter.dependencies.coverage import Subject
from grace.hunter.dependencies.dependency_files import DependencyFile
from grace.hunter.dependencies.gaps import Gap, Kind
from grace.hunter.dependencies.known import Vulnerability
from grace.redaction import redact

DETECTOR = "dependencies"
_EVIDENCE_CHARACTERS = 200


def vulnerable(subject: Subject, found: Vulnerability, file: DependencyFile) -> Finding:
    """A dependency with a known vulnerability."""
    rule = catalogue()["malicious-dependency" if found.malicious else "vulnerable-dependency"]
    others = f" ({', '.join(found.ids[1:])})" if found.ids[1:] else ""
    word = "malicious" if found.malicious else "vulnerable"
    if subject.version is not None:
        what = f"{subject.name} {subject.version} is {word}"
    else:
        new = "the newest versions that it allows are" if found.certain else "some versions that it allows are"
        what = f"{subject.name} ({subject.specifier or 'any version'}): {new} {word}"
    fix = f"fixed in {found.fixed}" if found.fixed else "no fixed version is known"
    summary = f". {found.summary}" if found.summary else ""
    return _finding(
        rule,
        f"{what}: {found.ids[0]}{others}, {found.rating.text}; {fix}{summary}",
        rule.severity if found.malicious else found.rating.severity or rule.severity,
        file,
        subject.line,
        (subject.name, subject.version or subject.specifier, found.ids[0]),
        confidence=rule.confidence if found.certain else Severity.MEDIUM,
    )


def not_audited(gap: Gap, file: DependencyFile) -> Finding:
    """Something that nobody audited."""
    rule = catalogue()["dependency-not-audited"]
    severity = Severity.LOW if gap.kind is Kind.RANGES else rule.severity
    return _finding(rule, gap.reason, severity, file, gap.line, gap.identity)


def stale(age: str, declared: str, file: DependencyFile) -> Finding:
    """The advisories are too old to be trusted for what is declared."""
    rule = catalogue()["advisory-data-stale"]
    title = f"{rule.title}: they are {age}. `grace advisories update` brings them up to date"
    return _finding(rule, title, rule.severity, file, 1, (declared,))


def _finding(
    rule: Rule,
    title: str,
    severity: Severity,
    file: DependencyFile,
    line: int,
    identity: tuple[str, ...],
    *,
    confidence: Severity | None = None,
) -> Finding:
    return Finding(
        rule_id=rule.id,
        title=redact(title),
        severity=severity,
        confidence=confidence or rule.confidence,
        cwe=rule.cwe,
        location=Location(path=file.path, line=line, end_line=line),
        evidence=redact(file.line(line).strip())[:_EVIDENCE_CHARACTERS],
        detector=DETECTOR,
        fingerprint=hashlib.sha256("\0".join((rule.id, *identity)).encode("utf-8", "surrogatepass")).hexdigest(),
    )
