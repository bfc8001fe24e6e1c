"""JavaScript and TypeScript -> findings."""

import re
from pathlib import PurePosixPath

from grace.contracts import Finding, FlowStep, Location, Severity
from grace.hunter.detection import Detection
from grace.hunter.fingerprint import fingerprint_of
from grace.hunter.javascript.evaluation import evaluate
from grace.hunter.javascript.machine import Hit
from grace.hunter.javascript.parsing import SUFFIXES, Unreadable, parse, read
from grace.hunter.javascript.rules import DETECTOR, rules
from grace.hunter.javascript.sources import shown
from grace.hunter.javascript.syntax import CLASSES, FUNCTIONS, Node, Syntax
from grace.hunter.secrets import masked
from grace.path_roles import decides_tests

_TEST_NAME = re.compile(r"\.(?:test|spec)\.[cm]?[jt]sx?\Z|(?:^|/)(?:__tests__|spec|e2e|cypress)/")
_MOST_EVIDENCE = 200
_MOST_READ = 1000
"""Secrets are masked before a line is cut: a piece of one would not be known."""
_LAYOUT = re.compile(r"\s+|[,;](?=\s*[)}\]]|\s*$)")


def detect(path: str, content: bytes) -> Detection:
    """The weaknesses of a file, with how untrusted data comes to each; nothing for files of other languages.

    A file that cannot be read, or not all of it, is among the failures with the reason.
    """
    if PurePosixPath(path.lower()).suffix not in SUFFIXES:
        return Detection()
    try:
        source = read(path, content)
    except Unreadable as unreadable:
        return Detection(failures={path: str(unreadable)})
    root, problem = parse(path, source)
    failures = {path: problem} if problem else {}
    known = rules()
    if not known.words.search(source):
        return Detection(failures=failures)
    syntax = Syntax(source, root)
    lines = source.decode("utf-8", "replace").split("\n")
    findings = tuple(_finding(path, syntax, hit, lines) for hit in evaluate(syntax, known))
    return Detection(findings, failures)


def _finding(path: str, syntax: Syntax, hit: Hit, lines: list[str]) -> Finding:
    kind = hit.source.kind if hit.source else ""
    title = hit.rule.title if hit.source is None else f"{hit.rule.title}: {shown(hit.source.path)}"
    symbol = _symbol(syntax, hit.node)
    trail = dict.fromkeys(hit.trail) if hit.source else {}
    return Finding(
        rule_id=hit.rule.id,
        title=title,
        severity=hit.rule.severity,
        confidence=Severity.LOW if hit.source is None and _is_test(path) else hit.confidence,
        cwe=hit.rule.cwe,
        location=Location(path=path, line=hit.node.row + 1, end_line=hit.node.end_row + 1),
        symbol=symbol,
        evidence=_line(lines, hit.node.row),
        flow=tuple(
            FlowStep(location=Location(path=path, line=row + 1, end_line=row + 1), text=_line(lines, row))
            for row in trail
        ),
        detector=DETECTOR,
        fingerprint=fingerprint_of(hit.rule.id, symbol, _normalised(syntax.code(hit.node)), kind),
    )


def _is_test(path: str) -> bool:
    """Protection that tests switch off protects nothing."""
    return decides_tests(path) or _TEST_NAME.search(path.lower()) is not None


def _line(lines: list[str], row: int) -> str:
    return masked(lines[row].strip()[:_MOST_READ])[:_MOST_EVIDENCE] if row < len(lines) else ""


def _normalised(source: str) -> str:
    """The same however a formatter lays it out and quotes it."""
    return _LAYOUT.sub("", source).replace("'", '"').replace("`", '"')


def _symbol(syntax: Syntax, node: Node) -> str:
    """The names of the functions and classes around a node, outermost first."""
    names: list[str] = []
    for outer in node.above():
        if outer.kind in FUNCTIONS or outer.kind in CLASSES:
            named = outer.child("name")
            if named is None and outer.parent is not None:
                named = outer.parent.child("name") or outer.parent.child("left") or outer.parent.child("key")
            if named is not None:
                names.append(syntax.text(named)[:80])
    return ".".join(reversed(names))
