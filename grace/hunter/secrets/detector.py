"""Text -> findings: what is a secret, how sure that is, and where it stands."""

import hashlib
import hmac
import re
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import PurePosixPath

from grace.contracts import Finding, Location, Severity
from grace.hunter.detection import Detection
from grace.hunter.secrets.decoding import MOST_BYTES, decode
from grace.hunter.secrets.formats import DETECTOR, Hit
from grace.hunter.secrets.masking import Lines, evidence
from grace.hunter.secrets.salt import installation_salt
from grace.hunter.secrets.search import search
from grace.path_roles import decides_tests

COMMIT_MESSAGE = "(commit message)"
"""Stands for a path in findings about a message."""
Salt = Callable[[], bytes]
_MOST_FINDINGS = 1000
"""A list of more is read by nobody; that there are more is said."""
_FOR_SHOW = frozenset(
    {"docs", "doc", "documentation", "examples", "example", "samples", "sample", "demo", "demos", "fixtures"}
    | {"fixture", "testdata", "test-data", "test_data", "mocks", "__mocks__", "__tests__", "__fixtures__"}
    | {"spec", "specs", "cassettes", "snapshots", "__snapshots__", "e2e", "testing", "tutorial", "tutorials"}
)
_TEST_NAME = re.compile(r"(?:^|[._-])(?:test|tests|spec|mock|fixture|example|sample|template|dist)s?(?:[._-]|$)")


def detect(path: str, content: bytes, *, salt: Salt = installation_salt) -> Detection:
    """The secrets in a file. The same content, path and salt always give the same answer.

    `salt` is asked only when there is something to hash. Raises EnvironmentLacking when it cannot be had.
    """
    if len(content) > MOST_BYTES:
        return Detection(failures={path: f"not read for secrets: {len(content):,} bytes, more than {MOST_BYTES:,}"})
    text, binary = decode(content)
    hits = search(path, text, named=not binary)
    if not hits:
        return Detection()
    shown, values = hits[:_MOST_FINDINGS], {text[hit.start : hit.end] for hit in hits[:_MOST_FINDINGS]}
    lines, key, for_show = Lines(text), salt(), _is_for_show(path)
    findings = tuple(
        _finding(path, hit, lines, for_show, evidence(text, lines, hit, hits, values), _fingerprint(key, hit, text))
        for hit in shown
    )
    rest = len(hits) - len(shown)
    return Detection(findings, {path: f"{rest:,} more secrets are not listed"} if rest else {})


def detect_in_added_lines(
    path: str, content: bytes, lines: Collection[int], *, salt: Salt = installation_salt
) -> Detection:
    """The secrets that have a line, counted from 1, among those given; the whole file is read for what is around."""
    found = detect(path, content, salt=salt)
    added = frozenset(lines)
    touched = (
        finding
        for finding in found.findings
        if not added.isdisjoint(range(finding.location.line, finding.location.end_line + 1))
    )
    return replace(found, findings=tuple(touched))


def detect_in_message(message: str, *, salt: Salt = installation_salt) -> Detection:
    """The secrets in the message of a commit; lines are those of the message."""
    return detect(COMMIT_MESSAGE, message.encode("utf-8", "surrogatepass"), salt=salt)


def _finding(path: str, hit: Hit, lines: Lines, for_show: bool, evidence: str, fingerprint: str) -> Finding:
    return Finding(
        rule_id=hit.rule.id,
        title=hit.rule.title,
        severity=hit.rule.severity,
        confidence=Severity.LOW if for_show and hit.confidence is not Severity.HIGH else hit.confidence,
        cwe=hit.rule.cwe,
        location=Location(path=path, line=lines.number(hit.start), end_line=lines.number(max(hit.start, hit.end - 1))),
        evidence=evidence,
        detector=DETECTOR,
        fingerprint=fingerprint,
    )


def _fingerprint(key: bytes, hit: Hit, text: str) -> str:
    """Equal for equal secrets wherever they stand: moving one is not leaking it anew."""
    named = f"{hit.rule.id}\0{text[hit.start : hit.end]}"
    return hmac.new(key, named.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _is_for_show(path: str) -> bool:
    """Tests, their data, documentation, examples: most that looks like a secret there opens nothing."""
    pure = PurePosixPath(path.lower())
    return (
        decides_tests(path)
        or not _FOR_SHOW.isdisjoint(pure.parent.parts)
        or _TEST_NAME.search(pure.name.removeprefix(".")) is not None
    )
