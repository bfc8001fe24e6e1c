"""Bandit's findings beside those of the flow of data: one for each weakness."""

import pytest

from grace.contracts import Finding, FlowStep, Location, Severity
from grace.hunter.bandit import detect
from grace.hunter.detection import Judgement, Verdict
from grace.hunter.merge import merge

LOW, MEDIUM, HIGH = Severity


def bandit(source: str) -> list[Finding]:
    return list(detect("a.py", source.encode()).findings)


def flow(
    cwe: int, line: int, *, severity: Severity = HIGH, through: tuple[int, ...] = (), path: str = "a.py"
) -> Finding:
    steps = tuple(FlowStep(location=Location(path=path, line=at, end_line=at), text="") for at in through)
    return Finding(
        rule_id=f"flow-{cwe}",
        title="A flow",
        severity=severity,
        confidence=severity,
        cwe=cwe,
        location=Location(path=path, line=line, end_line=line),
        flow=steps,
        detector="taint",
        fingerprint=str(line),
    )


def judged(cwe: int, line: int, end_line: int = 0, *, verdict: Verdict = "constant", symbol: str = "") -> Judgement:
    return Judgement("a.py", line, end_line or line, symbol, cwe, verdict)


def shown(findings: tuple[Finding, ...]) -> list[tuple[str, Severity]]:
    return [(finding.rule_id, finding.severity) for finding in findings]


def test_what_both_see_is_the_flows_and_names_bandits_rule() -> None:
    merged = merge(bandit("def f(x):\n    eval(x)\n"), [flow(95, 2, severity=LOW)], ())
    assert shown(merged.findings) == [("flow-95", LOW)]
    assert "B307" in merged.findings[0].title
    assert merged.suppressed == ()


def test_a_query_is_the_same_weakness_where_it_is_built_and_where_it_is_sent() -> None:
    source = "q = 'select a from b where c = ' + x\ny = 1\ncur.execute(q)\n"
    assert shown(merge(bandit(source), [flow(89, 3, through=(1, 3))], ()).findings) == [("flow-89", HIGH)]
    assert len(merge(bandit(source), [flow(78, 3, through=(1, 3))], ()).findings) == 2


@pytest.mark.parametrize(
    ("other", "why"),
    [(flow(89, 2), "another family"), (flow(95, 9), "other lines"), (flow(95, 2, path="b.py"), "a file")],
)
def test_what_is_somewhere_or_something_else_stays_two(other: Finding, why: str) -> None:
    assert len(merge(bandit("def f(x):\n    eval(x)\n"), [other], ()).findings) == 2, why


def test_what_is_proved_harmless_is_taken_back_with_the_proof() -> None:
    merged = merge(bandit("import os\nos.system(\n  X\n)\n"), (), [judged(78, 2, 4)])
    assert merged.findings == ()
    (suppression,) = merged.suppressed
    assert (suppression.finding.rule_id, suppression.reason) == ("B605", "what reaches it is built of constants")


@pytest.mark.parametrize("elsewhere", [judged(89, 1), judged(95, 2)])
def test_a_proof_is_about_its_lines_and_its_kind(elsewhere: Judgement) -> None:
    assert len(merge(bandit("eval(x)\n"), (), [elsewhere]).findings) == 1


@pytest.mark.parametrize("verdict", ["unknown", "untrusted"])
def test_what_is_not_proved_is_no_proof(verdict: Verdict) -> None:
    assert len(merge(bandit("eval(x)\n"), (), [judged(95, 1, verdict=verdict)]).findings) == 1


QUERY = "def f(cur):\n    q = 'select a from b where c = ' + X\n    cur.execute(q)\n"


def test_a_string_is_taken_back_when_its_function_sends_nothing_that_is_not_proved() -> None:
    proved = judged(89, 3, symbol="f")
    assert merge(bandit(QUERY), (), [proved]).findings == ()
    assert len(merge(bandit(QUERY), (), [proved, judged(89, 9, verdict="unknown", symbol="f")]).findings) == 1
    assert len(merge(bandit(QUERY), (), [judged(89, 3, symbol="g")]).findings) == 1


def test_in_a_file_that_could_not_be_followed_bandits_word_stands() -> None:
    found = bandit("import subprocess\nsubprocess.call(x, shell=True)\n")
    assert merge(found, (), (), {"a.py"}).findings == tuple(found)


def test_an_import_whose_uses_were_followed_is_taken_back() -> None:
    merged = merge(bandit("import pickle\n"), (), ())
    assert [each.finding.rule_id for each in merged.suppressed] == ["B403"]


def test_what_bandit_alone_sees_is_a_note_where_data_decides() -> None:
    source = "import subprocess, hashlib\nsubprocess.call(x, shell=True)\nhashlib.md5(x)\n"
    found = {each.rule_id: (each.severity, each.confidence) for each in merge(bandit(source), (), ()).findings}
    assert found["B602"] == (MEDIUM, LOW)
    assert found["B324"] == (HIGH, HIGH)


def test_a_statement_of_many_strings_is_one_finding() -> None:
    found = bandit("cur.execute('select a from b where c = ' + x + ' union select c from d where e = ' + y)\n")
    assert len(found) > 1
    assert len(merge(found, (), ()).findings) == 1
