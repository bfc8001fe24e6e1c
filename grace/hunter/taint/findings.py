"""Hits -> findings, each with its way from source to sink."""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from grace.contracts import Finding, FlowStep, Location, Severity
from grace.hunter.catalogue import catalogue
from grace.hunter.detection import Judgement
from grace.hunter.fingerprint import fingerprint, fingerprint_of
from grace.hunter.secrets import masked
from grace.hunter.taint.frame import VERDICTS, Answers
from grace.hunter.taint.program import Function, Module
from grace.hunter.taint.rulebook import DETECTOR
from grace.hunter.taint.summary import Reached, Site
from grace.hunter.taint.values import Source, Trail
from grace.path_roles import is_test

INCOMPLETE: Final = "analysis-incomplete"
_MOST_STEPS = 20
_EVIDENCE_CHARACTERS = 200
_TRUST: Final = {
    "web": "a request",
    "network": "the network",
    "input": "standard input",
    "arguments": "the command line",
    "environment": "the environment",
    "parameter": "a parameter",
    "exception": "an exception",
    "traceback": "an exception",
}
"""Kinds of source, and how they are called in a title."""
_EXECUTES: Final = frozenset(
    {"command-injection", "code-injection", "sql-injection", "unsafe-deserialisation", "template-injection"}
)
"""Worth a look whoever is on the other end."""


class Files(Protocol):
    """The files that findings are about."""

    def module(self, path: str) -> Module | None:
        """A file of Python source; None for any other."""

    def lines(self, path: str) -> Sequence[str]:
        """The lines of a file."""


def findings(hits: Iterable[Reached], files: Files) -> list[Finding]:
    """Findings in the order of their places."""
    made = [finding for hit in hits if (finding := _finding(hit, files)) is not None]
    return sorted(made, key=lambda f: (f.location.path, f.location.line, f.rule_id))


def _finding(hit: Reached, files: Files) -> Finding | None:
    site = hit.site
    rule, sink = site.target.rule.rule, site.target.sink
    label = hit.label
    kind = label.kind if isinstance(label, Source) else ""
    if kind == "parameter" and not site.target.rule.parameters:
        return None
    severity = sink.severity or rule.severity
    confidence = sink.confidence or rule.confidence
    if site.conditional and sink.under_condition is not None:
        confidence = sink.under_condition
    if kind:
        confidence = min(confidence, _confidence(kind, rule.id), key=list(Severity).index)
    if is_test(site.path):
        confidence = Severity.LOW
    title = sink.title or rule.title
    if isinstance(label, Source):
        title = f"{title}: {label.what} comes from {_TRUST.get(kind, kind)}"
    return Finding(
        rule_id=rule.id,
        title=title,
        severity=severity,
        confidence=confidence,
        cwe=rule.cwe,
        location=Location(path=site.path, line=site.line, end_line=max(site.line, site.end_line)),
        symbol=site.symbol.replace(".<locals>", ""),
        evidence=_line(files, site.path, site.line),
        flow=_flow(hit, files),
        detector=DETECTOR,
        fingerprint=_fingerprint(rule.id, site, kind, files),
    )


def _fingerprint(rule_id: str, site: Site, kind: str, files: Files) -> str:
    if site.target.sink.printed:
        return fingerprint_of(rule_id, "", _line(files, site.path, site.line), kind)
    module = files.module(site.path)
    return fingerprint(rule_id, module.tree, site.line, kind) if module is not None else ""


def _line(files: Files, path: str, line: int) -> str:
    lines = files.lines(path)
    return masked(lines[line - 1].strip(), path)[:_EVIDENCE_CHARACTERS] if 0 < line <= len(lines) else ""


def _confidence(kind: str, rule_id: str) -> Severity:
    if kind in ("web", "exception", "traceback"):
        return Severity.HIGH
    if kind == "network" and rule_id in _EXECUTES:
        return Severity.MEDIUM
    return Severity.LOW


def _flow(hit: Reached, files: Files) -> tuple[FlowStep, ...]:
    label = hit.label
    if not isinstance(label, Source):
        return ()
    places = [(label.path, label.line), *reversed(list(_places(hit.trail))), (hit.site.path, hit.site.line)]
    unique = [place for n, place in enumerate(places) if n == 0 or place != places[n - 1]]
    steps = []
    for path, line in unique[:1] + unique[1:][-_MOST_STEPS:]:
        if text := _line(files, path, line):
            steps.append(FlowStep(location=Location(path=path, line=line, end_line=line), text=text))
    return tuple(steps)


def _places(trail: Trail | None) -> Iterable[tuple[str, int]]:
    while trail is not None:
        yield trail.path, trail.line
        trail = trail.before


def judged(answers: Answers) -> list[Judgement]:
    """Every sink that was evaluated."""
    return [
        Judgement(
            site.path,
            site.line,
            max(site.line, site.end_line),
            site.symbol.replace(".<locals>", ""),
            site.target.rule.rule.cwe or 0,
            verdict,
        )
        for site, verdict in answers.verdicts.items()
    ]


def worst(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """Of all that was seen at each sink the worst."""
    found: dict[tuple[str, int, int], Judgement] = {}
    for each in judgements:
        key = (each.path, each.line, each.cwe)
        if key not in found or VERDICTS.index(each.verdict) > VERDICTS.index(found[key].verdict):
            found[key] = each
    return tuple(found.values())


def not_followed(function: Function, reason: str) -> Finding:
    """That a function was not followed to its end."""
    rule = catalogue()[INCOMPLETE]
    module, line = function.module, function.node.lineno
    return Finding(
        rule_id=rule.id,
        title=f"{rule.title}: {reason}",
        severity=rule.severity,
        confidence=rule.confidence,
        location=Location(path=module.path, line=line, end_line=line),
        symbol=function.qualname,
        evidence=masked(module.line(line), module.path)[:_EVIDENCE_CHARACTERS],
        detector=DETECTOR,
        fingerprint=fingerprint(rule.id, module.tree, line),
    )
