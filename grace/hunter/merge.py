"""Two opinions on the same weakness become one: bandit's, that sees a call, and that of the data flow behind it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from grace.contracts import Finding, Location, Severity, Suppression
from grace.hunter.detection import HARMLESS, Judgement

_T = TypeVar("_T")
_DECIDED: Final = {
    "SQL injection": frozenset({89, 564}),
    "command injection": frozenset({77, 78, 88}),
    "code injection": frozenset({94, 95, 96}),
    "path traversal": frozenset({22, 23, 36, 73}),
    "cross-site scripting": frozenset({79, 80, 83, 87, 116}),
    "XML": frozenset({91, 611, 776, 827}),
    "deserialisation": frozenset({502}),
    "request forgery": frozenset({918}),
}
"""Families of CWE in which following the data decides."""
_SHARED: Final = {
    "weak cryptography": frozenset({326, 327, 328, 916}),
    "randomness": frozenset({330, 335, 338}),
    "certificates": frozenset({295, 297, 599}),
}
"""Families that both know, in which no data makes a call harmless."""
_FAMILIES: Final[Mapping[int, str]] = {cwe: name for name, cwes in (_DECIDED | _SHARED).items() for cwe in cwes}
_OF_RULE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("B102", "B307"), "code injection"),
    **dict.fromkeys((f"B3{number}" for number in range(13, 20)), "XML"),
    "B310": "request forgery",
    "B506": "deserialisation",
    "B701": "cross-site scripting",
    "B702": "cross-site scripting",
}
"""Rules of bandit whose CWE is another, or wider, than what they look for."""
_IMPORTS: Final = frozenset({"B403", "B404", "B405", "B406", "B407", "B408", "B409", "B410"})
_OF_STRINGS: Final = "B608"
"""It reports each string of one statement, where that is built and not where it is sent."""


class Merged(NamedTuple):
    """What remains of both detectors' findings."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppression, ...]


def merge(
    bandit: Iterable[Finding], taint: Sequence[Finding], judgements: Iterable[Judgement], unread: Collection[str] = ()
) -> Merged:
    """One finding for each weakness.

    Of one that both see, the data flow's stays and names bandit's rule. A call that was proved harmless is taken
    back, with the proof; so is a string that a function sends nowhere but to such calls. What following the data
    could not decide stays, at most of medium severity and as a note: nothing untrusted is known to reach it. In
    files that could not be followed (`unread`) bandit's word stands.
    """
    flows = _Places[Finding]()
    for flow in taint:
        flows.add(family(flow), flow.symbol, flow, flow.location, *(step.location for step in flow.flow))
    calls = _Places[Judgement]()
    for call in judgements:
        at = Location(path=call.path, line=call.line, end_line=call.end_line)
        calls.add(_FAMILIES.get(call.cwe, ""), call.symbol, call, at)
    seconds: dict[int, list[str]] = {}
    findings: list[Finding] = []
    suppressed: list[Suppression] = []
    for finding in _without_repeats(bandit):
        if finding.location.path in unread:
            findings.append(finding)
        elif same := flows.first(family(finding), finding):
            seconds.setdefault(id(same), []).append(finding.rule_id)
        elif reason := _taken_back(finding, calls):
            suppressed.append(Suppression(finding=finding, reason=reason))
        else:
            findings.append(_undecided(finding) if family(finding) in _DECIDED else finding)
    findings += (_seconded(flow, seconds.get(id(flow), ())) for flow in taint)
    return Merged(tuple(findings), tuple(suppressed))


def family(finding: Finding) -> str:
    """What kind of weakness it is, where two detectors can mean the same; "" elsewhere."""
    if finding.rule_id in _OF_RULE:
        return _OF_RULE[finding.rule_id]
    return _FAMILIES.get(finding.cwe or 0, "")


def _taken_back(finding: Finding, calls: "_Places[Judgement]") -> str:
    """The proof that there is nothing to a finding; empty when there is none."""
    if finding.rule_id in _IMPORTS:
        return "an import does nothing by itself, and each use was followed"
    kind = family(finding)
    if kind not in _DECIDED:
        return ""
    here = calls.at(kind, finding.location)
    if not here and finding.rule_id == _OF_STRINGS:
        here = calls.within(kind, finding.location.path, finding.symbol)
    if not here or any(call.verdict not in HARMLESS for call in here):
        return ""
    return HARMLESS[here[0].verdict]


def _undecided(finding: Finding) -> Finding:
    severity = Severity.MEDIUM if finding.severity is Severity.HIGH else finding.severity
    return finding.model_copy(update={"severity": severity, "confidence": Severity.LOW})


class _Places(Generic[_T]):
    """Things by kind, lines and symbol."""

    def __init__(self) -> None:
        self._by_file: dict[tuple[str, str], list[tuple[range, _T]]] = {}
        self._by_symbol: dict[tuple[str, str, str], list[_T]] = {}

    def add(self, kind: str, symbol: str, thing: _T, first: Location, *others: Location) -> None:
        for at in (first, *others) if kind else ():
            self._by_file.setdefault((kind, at.path), []).append((range(at.line, at.end_line + 1), thing))
        self._by_symbol.setdefault((kind, first.path, symbol), []).append(thing)

    def at(self, kind: str, location: Location) -> list[_T]:
        """What shares a line with a location."""
        return [
            thing
            for lines, thing in self._by_file.get((kind, location.path), ())
            if lines.start <= location.end_line and location.line < lines.stop
        ]

    def within(self, kind: str, path: str, symbol: str) -> list[_T]:
        """What stands in the same function."""
        return self._by_symbol.get((kind, path, symbol), [])

    def first(self, kind: str, finding: Finding) -> _T | None:
        """What means the same as a finding."""
        if not kind:
            return None
        found = self.at(kind, finding.location)
        if not found and finding.rule_id == _OF_STRINGS:
            found = self.within(kind, finding.location.path, finding.symbol)
        return found[0] if found else None


def _without_repeats(bandit: Iterable[Finding]) -> list[Finding]:
    seen = set()
    kept = []
    for finding in bandit:
        mark = (finding.location.path, finding.location.line, finding.fingerprint)
        if finding.rule_id != _OF_STRINGS or mark not in seen:
            kept.append(finding)
        seen.add(mark)
    return kept


def _seconded(flow: Finding, rules: Sequence[str]) -> Finding:
    if not rules:
        return flow
    named = ", ".join(dict.fromkeys(rules))
    return flow.model_copy(update={"title": f"{flow.title} (bandit sees it, too: {named})"})
