"""Comments that tell security tools to look away."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache

from grace.contracts import Finding, Location
from grace.hunter.catalogue import Rule, catalogue
from grace.hunter.detection import Detection
from grace.hunter.fingerprint import fingerprint_of, normalised, place_of
from grace.hunter.python_source import Unreadable, is_python, parse

RULE_ID = "suppression-added"
_HINT = re.compile(
    rb"(?i)nosec|noqa|nosem|sonar|lgtm|codeql|listsecret|list.secret|gitleaks|eslint|snyk|njsscan|deepcode"
)
_EVIDENCE_CHARACTERS = 200


def detect(path: str, content: bytes) -> Detection:
    """The comments of a file that silence security rules. Whether they are new, a comparison tells."""
    if not _HINT.search(content):
        return Detection()
    rule, lines = catalogue()[RULE_ID], content.decode("utf-8", "replace").splitlines()
    tree, comments = None, None
    if is_python(path, content):
        comments = _comments(content)
        try:
            tree = parse(content)
        except Unreadable:  # another detector says so
            tree = None
    found = []
    for line, comment in _silencing(lines):
        if comments is None or comment in comments.get(line, ""):
            found.append(_finding(rule, path, line, comment, lines[line - 1].strip(), tree))
    return Detection(tuple(found))


def _silencing(lines: list[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        for pattern in _patterns():
            if match := pattern.search(line):
                yield number, match["comment"].strip()
                break


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Each finds a comment that begins with words that silence."""
    kinds = catalogue()[RULE_ID].details["comment"]
    return tuple(re.compile(rf"(?i)(?:{kind['opens']})\s*(?P<comment>{kind['pattern']})") for kind in kinds)


def _comments(content: bytes) -> dict[int, str] | None:
    """The comments of a Python file by line; None where newer grammar confuses this interpreter's tokenizer."""
    try:
        tokens = tokenize.tokenize(io.BytesIO(content).readline)
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    except (tokenize.TokenError, SyntaxError, ValueError):
        return None


def _finding(rule: Rule, path: str, line: int, comment: str, text: str, tree: ast.Module | None) -> Finding:
    place = place_of(tree, line) if tree else None
    statement = normalised(place) if place and place.statement else text
    return Finding(
        rule_id=rule.id,
        title=f"{rule.title}: {comment}"[:_EVIDENCE_CHARACTERS],
        severity=rule.severity,
        confidence=rule.confidence,
        cwe=rule.cwe,
        location=Location(path=path, line=line, end_line=line),
        symbol=place.symbol if place else "",
        evidence=text[:_EVIDENCE_CHARACTERS],
        detector=rule.detector,
        fingerprint=fingerprint_of(rule.id, place.symbol if place else "", f"{statement}\0{comment.lower()}"),
    )
