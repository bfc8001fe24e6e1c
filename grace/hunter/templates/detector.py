"""Templates -> the names they print unescaped, the templates they refer to, and notes on both."""

import re
from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple

from grace.contracts import Finding, Location, Severity
from grace.hunter.catalogue import Rule, rules_of
from grace.hunter.detection import Detection
from grace.hunter.fingerprint import fingerprint_of
from grace.hunter.secrets import masked
from grace.hunter.templates.prints import Print, Reader

DETECTOR = "templates"
_ESCAPED = (".html", ".htm", ".xml", ".xhtml", ".svg", ".djhtml")
"""Names of templates that Flask escapes; Django escapes all."""
_OPEN_NAMES = frozenset({".j2", ".jinja", ".jinja2", ".tpl", ".tmpl"})
_DJANGO = re.compile(r"\{%-?\s*(?:load|url|csrf_token|static)\b")
_MARKUP = re.compile(r"<[A-Za-z!/]")
_MOST_BYTES = 1_000_000
_MOST_EVIDENCE = 200
_MOST_READ = 1000
"""Secrets are masked before a line is cut: a piece of one would not be known."""


class UnsafeName(NamedTuple):
    """A variable of a template's context that is printed as it is."""

    name: str
    """With the path to what is printed, as `user.bio`; of a loop over `posts` it is `posts.title`."""
    line: int
    reason: str
    """As in 'printed with |safe'."""


def unsafe_names(content: str, name: str, *, escaped: bool | None = None) -> tuple[UnsafeName, ...]:
    """What a template prints without the escaping that its place needs, in the order of its lines.

    `name` is that of the template, which tells whether Flask escapes by itself; `escaped` says it where it is
    known. Elements of a collection bear its name; what aliases and macros of the same file stand for is resolved.
    """
    known = escapes(name, content) if escaped is None else escaped
    found = sorted(Reader(content, escaped=known).reading.prints, key=lambda each: (each.line, each.path))
    return tuple(dict.fromkeys(UnsafeName(".".join(each.path), each.line, each.reason) for each in found))


def references(content: str) -> tuple[str, ...]:
    """The names of templates that one includes, extends or imports, where they are constant."""
    return Reader(content, escaped=True).reading.references


def escapes(name: str, content: str) -> bool:
    """Whether what a template prints is escaped unless it says otherwise."""
    return not name or name.lower().endswith(_ESCAPED) or _DJANGO.search(content) is not None


def detect(path: str, content: bytes) -> Detection:
    """Notes on what a template prints unescaped: whether it is untrusted only the code says that renders it."""
    if b"\0" in content:
        return Detection(failures={path: "it is binary"})
    if len(content) > _MOST_BYTES:
        return Detection(failures={path: f"too large: {len(content):,} bytes, more than {_MOST_BYTES:,}"})
    source = content.decode("utf-8", "replace")
    if not _is_page(path, source):
        return Detection()
    reading = Reader(source, escaped=True).reading
    lines = source.split("\n")
    findings: dict[tuple[str, int, str], Finding] = {}
    for each in reading.prints:
        findings.setdefault((each.kind, each.line, each.source), _finding(path, each, lines))
    return Detection(tuple(findings.values()), {path: reading.problem} if reading.problem else {})


def _is_page(path: str, source: str) -> bool:
    """A template of a page, not of a settings file or a script."""
    pure = PurePosixPath(path.lower())
    suffixes = [suffix for suffix in pure.suffixes if suffix not in _OPEN_NAMES]
    if suffixes and not suffixes[-1].endswith(_ESCAPED):
        return False
    return bool(suffixes) or _MARKUP.search(source) is not None


def _finding(path: str, found: Print, lines: list[str]) -> Finding:
    rule = _rules()[found.kind]
    return Finding(
        rule_id=rule.id,
        title=f"{rule.title}: {'.'.join(found.path)}",
        severity=rule.severity,
        confidence=Severity.LOW,
        cwe=rule.cwe,
        location=Location(path=path, line=found.line, end_line=found.line),
        symbol=found.symbol,
        evidence=masked(lines[found.line - 1].strip()[:_MOST_READ])[:_MOST_EVIDENCE],
        detector=DETECTOR,
        fingerprint=fingerprint_of(rule.id, found.symbol, re.sub(r"\s+", "", found.source)),
    )


@cache
def _rules() -> dict[str, Rule]:
    return {rule.details["kind"]: rule for rule in rules_of(DETECTOR)}
