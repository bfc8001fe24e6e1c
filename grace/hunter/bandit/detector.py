"""A Python file -> bandit's findings in it."""

import re
from importlib import metadata

from grace.contracts import Finding, Location, Severity
from grace.hunter.bandit.driver import Issue, run_rules
from grace.hunter.detection import Detection
from grace.hunter.fingerprint import fingerprint_of, normalised, place_of
from grace.hunter.python_source import Unreadable, parse

NAME = "bandit"
_EVIDENCE_CHARACTERS = 200
_PASSWORDS = ("B105", "B106", "B107")
"""Rules that quote the password they found."""
_LITERAL = re.compile(r"""(["']).*?(\1|$)""")


def version() -> str:
    """The version of bandit that runs."""
    return metadata.version("bandit")


def detect(path: str, content: bytes) -> Detection:
    """Run every rule of bandit over a Python source."""
    try:
        tree = parse(content)
    except Unreadable as error:
        return Detection(failures={path: error.reason})
    issues, crashes = run_rules(path, content, tree)
    failures = {path: "; ".join(sorted(set(crashes)))} if crashes else {}
    if not issues:
        return Detection(failures=failures)
    lines = content.splitlines()

    def finding(issue: Issue) -> Finding:
        place = place_of(tree, issue.line)
        text = lines[issue.line - 1].decode("utf-8", "replace").strip() if issue.line <= len(lines) else ""
        secret = issue.rule_id in _PASSWORDS
        statement = f"import {issue.imported}" if issue.imported else normalised(place)
        if secret:  # an unsalted hash of a password gives it away
            text, statement = _LITERAL.sub("'...'", text), _LITERAL.sub("'...'", statement)
        return Finding(
            rule_id=issue.rule_id,
            title=issue.text.partition(":")[0] if secret else issue.text,
            severity=_level(issue.severity),
            confidence=_level(issue.confidence),
            cwe=issue.cwe,
            location=Location(path=path, line=issue.line, end_line=issue.end_line),
            symbol=place.symbol,
            evidence=text[:_EVIDENCE_CHARACTERS],
            detector=NAME,
            fingerprint=fingerprint_of(issue.rule_id, place.symbol, statement),
        )

    return Detection(tuple(map(finding, issues)), failures)


def _level(rank: str) -> Severity:
    """Bandit's rank; what it leaves undefined counts as medium."""
    return Severity.MEDIUM if rank == "UNDEFINED" else Severity(rank.lower())
