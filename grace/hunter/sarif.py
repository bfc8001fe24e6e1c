"""A scan as SARIF 2.1.0, for code scanning services and editors.

Regions have lines and no columns: where newer grammar was said in older one, columns are not those of the file.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from grace.contracts import Finding, Location, Severity
from grace.hunter.explanations import Explanation, explain_all
from grace.hunter.incomplete import RULES
from grace.hunter.scan import Scan

FINGERPRINT = "graceFlow/v1"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_LEVELS = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_SCORES = {Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""How services that want a number from 0 to 10 are told the severity."""
_Object = dict[str, Any]


def sarif_log(scan: Scan, *, compared: bool) -> _Object:
    """The log of one run; `compared`: the scan tells what is new from what was there."""
    states = (("new", scan.new), ("unchanged", scan.unchanged), ("absent", scan.gone))
    suppressed = [each.finding for each in scan.suppressed]
    shown = [finding for _, findings in states for finding in findings] + suppressed
    rules = _Rules(shown)
    results = [rules.result(finding, state if compared else "") for state, findings in states for finding in findings]
    for each in scan.suppressed:
        result = rules.result(each.finding, "new" if compared else "")
        said = {"kind": "external", "status": "accepted", "justification": each.reason}
        results.append({**result, "suppressions": [said]})
    run = {
        "tool": {"driver": {"name": "GRACE", "version": version("grace"), **rules.described()}},
        "taxonomies": [rules.taxonomy()],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "What was scanned: a repository, a folder or a file."}}},
        "invocations": [_invocation(scan)],
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


class _Rules:
    """The rules that findings name, and the weaknesses that these are cases of, by number."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._first = {finding.rule_id: finding for finding in reversed(findings)}
        self._ids = sorted(self._first)
        self._known = explain_all(self._ids)
        cwes = {finding.cwe for finding in findings} | {rule.cwe for rule in self._known.values()}
        self._cwes = sorted(cwe for cwe in cwes if cwe)

    def described(self) -> _Object:
        """What the driver says of its rules."""
        supported = [{"name": "CWE", "index": 0}]
        return {"rules": [self._descriptor(id_) for id_ in self._ids], "supportedTaxonomies": supported}

    def taxonomy(self) -> _Object:
        """The weaknesses."""
        return {
            "name": "CWE",
            "organization": "MITRE",
            "shortDescription": {"text": "The MITRE Common Weakness Enumeration"},
            "informationUri": "https://cwe.mitre.org/",
            "isComprehensive": False,
            "taxa": [
                {"id": str(cwe), "helpUri": f"https://cwe.mitre.org/data/definitions/{cwe}.html"} for cwe in self._cwes
            ],
        }

    def result(self, finding: Finding, state: str) -> _Object:
        """One finding."""
        result: _Object = {
            "ruleId": finding.rule_id,
            "ruleIndex": self._ids.index(finding.rule_id),
            "level": _LEVELS[finding.severity],
            "message": {"text": finding.title},
            "locations": [_location(finding.location, finding.symbol, finding.evidence)],
            "partialFingerprints": {FINGERPRINT: finding.fingerprint},
            "properties": {
                "severity": finding.severity.value,
                "confidence": finding.confidence.value,
                "detector": finding.detector,
                "security-severity": _SCORES[finding.severity],
            },
        }
        if finding.cwe:
            result["taxa"] = [self._taxon(finding.cwe)]
        if finding.flow:
            steps = [{"location": _location(step.location, "", step.text)} for step in finding.flow]
            result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
        if state:
            result["baselineState"] = state
        return result

    def _descriptor(self, id_: str) -> _Object:
        finding = self._first[id_]
        known = self._known.get(id_) or Explanation(id_, finding.detector, finding.title, finding.cwe, finding.title)
        severity = known.severity or finding.severity
        text = f"{known.why}\n\n{known.remedy}".strip()
        descriptor: _Object = {
            "id": id_,
            "shortDescription": {"text": known.title},
            "fullDescription": {"text": known.why},
            "help": {"text": text},
            "defaultConfiguration": {"level": _LEVELS[severity]},
            "properties": {"tags": ["security"], "security-severity": _SCORES[severity]},
        }
        if known.link:
            descriptor["helpUri"] = known.link
        if known.cwe:
            descriptor["relationships"] = [{"target": self._taxon(known.cwe), "kinds": ["superset"]}]
            descriptor["properties"]["tags"].append(f"external/cwe/cwe-{known.cwe:03}")
        return descriptor

    def _taxon(self, cwe: int) -> _Object:
        return {"id": str(cwe), "index": self._cwes.index(cwe), "toolComponent": {"name": "CWE", "index": 0}}


def _invocation(scan: Scan) -> _Object:
    """Whether all was looked at, and what was not."""
    said: list[_Object] = []
    for run in scan.runs:
        if run.status != "ok":
            level = "error" if run.status == "failed" else "note"
            said.append({"level": level, "message": {"text": f"{run.name} {run.status}: {run.reason}"}})
    for finding in scan.new:
        if finding.rule_id in RULES:
            where = [_location(finding.location, "", "")]
            said.append({"level": "warning", "message": {"text": finding.title}, "locations": where})
    return {"executionSuccessful": scan.complete, "toolExecutionNotifications": said}


def _location(place: Location, symbol: str, text: str) -> _Object:
    """A place in a file, or one that is none, such as the message of a commit."""
    if place.path == "." or place.path.startswith("("):
        return {"logicalLocations": [{"name": place.path}]}
    region: Mapping[str, Any] = {"startLine": place.line, "endLine": place.end_line}
    snippet = {"snippet": {"text": text}} if text else {}
    location: _Object = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.path, safe="/"), "uriBaseId": _ROOT},
            "region": {**region, **snippet},
        }
    }
    if symbol:
        location["logicalLocations"] = [{"fullyQualifiedName": symbol}]
    return location
