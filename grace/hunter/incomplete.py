"""What a scan could not look at, as findings: what nobody analysed never looks like what is clean."""

from collections.abc import Iterable, Mapping, Sequence

from grace.contracts import Finding, Location
from grace.hunter.catalogue import catalogue
from grace.hunter.file_scan import TOO_LARGE, Found
from grace.hunter.fingerprint import fingerprint_of
from grace.hunter.tree import Tree

NOT_ANALYSED, FILE_TOO_LARGE, DETECTOR_FAILED = "not-analysed", "file-too-large", "detector-failed"
RULES = (NOT_ANALYSED, FILE_TOO_LARGE, DETECTOR_FAILED)
_TITLE_CHARACTERS = 300


def incomplete(found: Mapping[str, Found], tree: Tree) -> list[Finding]:
    """One finding for each file that was not analysed to the end, and one for each detector that failed.

    Both are the same ones as long as the content and what looked at it are; a change to a file that nobody reads
    is new.
    """
    reasons: dict[str, dict[str, list[str]]] = {}
    for detector, said in found.items():
        for path, reason in said.failures.items():
            reasons.setdefault(path, {}).setdefault(reason, []).append(detector)
    findings = [_about_file(path, why, tree.keys.get(path, "")) for path, why in sorted(reasons.items())]
    findings += (_about_detector(name, said.crashes) for name, said in found.items() if said.crashes)
    return findings


def shortened(items: Sequence[str], most: int = 3) -> str:
    """The first few of many, and how many more there are."""
    rest = len(items) - most
    return "; ".join(items[:most]) + (f"; and {rest:,} more" if rest > 0 else "")


def _about_file(path: str, reasons: Mapping[str, Sequence[str]], key: str) -> Finding:
    if TOO_LARGE in reasons:
        return _finding(FILE_TOO_LARGE, path, "", (key,))
    said = [f"{', '.join(detectors)}: {reason}" for reason, detectors in reasons.items()]
    detectors = sorted({name for names in reasons.values() for name in names})
    return _finding(NOT_ANALYSED, path, shortened(said), (key, *detectors))


def _about_detector(name: str, crashes: Mapping[str, str]) -> Finding:
    path, error = next(iter(crashes.items()))
    others = f" (and {len(crashes) - 1:,} files more)" if len(crashes) > 1 else ""
    return _finding(DETECTOR_FAILED, path or ".", f"{name}: {error}{others}", (name, *crashes))


def _finding(rule_id: str, path: str, detail: str, identity: Iterable[str]) -> Finding:
    rule = catalogue()[rule_id]
    title = f"{rule.title}: {detail}" if detail else rule.title
    return Finding(
        rule_id=rule.id,
        title=title[:_TITLE_CHARACTERS],
        severity=rule.severity,
        confidence=rule.confidence,
        cwe=rule.cwe,
        location=Location(path=path, line=1, end_line=1),
        detector=rule.detector,
        fingerprint=fingerprint_of(rule.id, "", "\0".join(identity)),
    )
