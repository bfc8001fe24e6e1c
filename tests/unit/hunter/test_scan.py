"""What a change brings in, what it ends, and what nobody could look at."""

import hashlib
from collections.abc import Callable, Mapping

import pytest

from grace.contracts import Change, FileEdit, Finding, Location, Provenance, ScanReport, Severity
from grace.errors import IntegrityError
from grace.hunter import scan_change
from grace.hunter.cache import ResultCache
from grace.hunter.catalogue import Example, rules_of
from grace.hunter.detection import Detection
from grace.hunter.scan import Scan, compare, scan_tree
from grace.hunter.tree import Tree

SHELL = "import subprocess\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)\n"
TOKEN = "ghp_" + hashlib.sha256(b"of nobody").hexdigest()[:36]
Files = Mapping[str, str | bytes]


def tree(files: Files) -> Tree:
    return Tree.of({path: content.encode() if isinstance(content, str) else content for path, content in files.items()})


def step(before: Files, after: Files, message: str = "") -> Scan:
    return compare(tree(before), tree(after), message=message, results=ResultCache())


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return sorted(finding.rule_id for finding in findings)


def failed(scan: Scan) -> dict[str, str]:
    return {run.name: run.reason for run in scan.runs if run.status == "failed"}


def no_flow(monkeypatch: pytest.MonkeyPatch, detect: Callable[[Tree, object], Detection]) -> None:
    monkeypatch.setattr("grace.hunter.taint.detect", detect, raising=False)


@pytest.fixture(autouse=True)
def bandit_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The flow of data has tests of its own; here it says nothing unless a test lets it."""
    no_flow(monkeypatch, lambda tree, cache: Detection())


# ── a change ─────────────────────────────────────────────────────────────────────────────────────


def change_report(make_repository, before: Files, after: Mapping[str, str | None]) -> ScanReport:  # type: ignore[no-untyped-def] # a fixture
    repository = make_repository(before)
    edits = tuple(
        FileEdit(
            path=path,
            before_hash=hashlib.sha256(str(before[path]).encode()).hexdigest() if path in before else None,
            after=None if content is None else content.encode(),
        )
        for path, content in after.items()
    )
    change = Change(
        base_revision=repository.resolve("HEAD"),
        edits=edits,
        patch="",
        rationale=f"Use {TOKEN}",
        provenance=Provenance(strategy="t"),
    )
    report = scan_change(change, repository=repository)
    assert report.change_digest == change.digest
    return report


def test_a_change_is_its_base_with_its_edits(make_repository) -> None:  # type: ignore[no-untyped-def] # a fixture
    before = {"a.py": "x = 1\n", "old.py": "eval(x)\n", "same.py": "exec(x)\n"}
    report = change_report(make_repository, before, {"a.py": SHELL, "old.py": None})
    assert rules(report.findings) == ["B602", "github-token"]
    shell = next(finding for finding in report.findings if finding.rule_id == "B602")
    assert (shell.location.path, shell.location.line, shell.symbol, shell.cwe) == ("a.py", 5, "run", 78)
    assert rules(report.gone) == ["B307"]
    assert report.baseline_count == 2
    assert {run.name: run.status for run in report.detector_runs}["bandit"] == "ok"
    assert TOKEN not in report.model_dump_json()


def test_a_deletion_brings_in_nothing(make_repository) -> None:  # type: ignore[no-untyped-def] # a fixture
    report = change_report(make_repository, {"a.py": SHELL}, {"a.py": None})
    assert rules(report.findings) == ["github-token"]
    assert {run.status for run in report.detector_runs} == {"ok"}


# ── what is the same ─────────────────────────────────────────────────────────────────────────────

FORMATTED = """
    import os, subprocess
    def run(command, *, cwd=None):
        for part in command:
            subprocess.call("x" + part,
                shell=True, cwd = cwd) # why
        return [c for c in command if eval(c)]
"""
BLACKENED = """
import os
import subprocess

# moved down


def run(cmd, *, cwd=None):
    for piece in cmd:
        subprocess.call(
            "x" + piece,
            shell=True,
            cwd=cwd,
        )
    return [each for each in cmd if eval(each)]
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a.py": FORMATTED.replace("\n    ", "\n")}, {"a.py": BLACKENED}),
        ({"a.py": SHELL}, {"b/c.py": "\n\n" + SHELL}),
        ({"a.py": SHELL, "b.py": ""}, {"a.py": "", "b.py": SHELL}),
        ({"a.py": SHELL + "\n\ndef g(x):\n  eval(x)\n"}, {"a.py": "def g(x):\n  eval(x)\n" + SHELL}),
        (
            {"a.py": "from ftplib import FTP\nimport telnetlib, os\n"},
            {"a.py": "import os\nimport telnetlib\nfrom ftplib import (\n    FTP,\n)\n"},
        ),
        ({"a.py": "x = )\n"}, {"b.py": "x = )\n"}),
        ({"a.py": f"T = '{TOKEN}'\n"}, {"b.py": f"\nT = '{TOKEN}'\n"}),
        ({"a.py": "eval(x)  # nosec\n"}, {"a.py": "\n\neval( x ) # nosec\n"}),
    ],
)
def test_nothing_is_new_after_formatting_and_moving(before: Files, after: Files) -> None:
    scan = step(before, after)
    assert (rules(scan.new), rules(scan.gone)) == ([], [])
    assert scan.unchanged


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (SHELL, SHELL.replace("(command,", "(command + '!',"), ["B602"]),
        (SHELL, SHELL.replace("    return", "    subprocess.call(command, shell=True)\n    return"), ["B602"]),
        (SHELL, SHELL.replace("def run", "def start"), ["B602"]),
        ("eval(x)\n", "eval(x)\neval(x)\n", ["B307"]),
        ("eval(x)\n", "eval(x)  # nosec\n", ["suppression-added"]),
        ("x = 1\n", f"x = '{TOKEN}'\n", ["github-token"]),
        ("def f(:\n", SHELL, ["B602"]),
    ],
)
def test_what_is_edited_or_added_is_new(before: str, after: str, expected: list[str]) -> None:
    assert rules(step({"a.py": before}, {"a.py": after}).new) == expected


def test_of_equal_findings_the_one_in_the_edited_file_is_new() -> None:
    scan = step({"z.py": SHELL}, {"z.py": SHELL, "a.py": SHELL})
    assert {finding.location.path for finding in scan.new} == {"a.py"}


def test_a_secret_that_was_there_is_not_new_and_one_in_an_untouched_file_is_not_looked_for() -> None:
    scan = step(
        {"a.env": f"A={TOKEN}\n", "b.env": f"B={TOKEN}\n"}, {"a.env": f"A={TOKEN}\nC=1\n", "b.env": f"B={TOKEN}\n"}
    )
    assert scan.new == ()


def test_a_sink_that_loses_its_guard_elsewhere_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    def detect(tree: Tree, cache: object) -> Detection:
        guarded = b"escape" in tree.read_many(["guard.py"])["guard.py"]
        flow = Finding(
            rule_id="sql-injection",
            title="SQL",
            severity=Severity.HIGH,
            confidence=Severity.HIGH,
            cwe=89,
            location=Location(path="sink.py", line=1, end_line=1),
            detector="taint",
            fingerprint="f",
        )
        return Detection() if guarded else Detection((flow,))

    no_flow(monkeypatch, detect)
    before = {"guard.py": "def clean(x): return escape(x)\n", "sink.py": "execute(clean(x))\n"}
    scan = step(before, {**before, "guard.py": "def clean(x): return x\n"})
    assert [(finding.rule_id, finding.location.path) for finding in scan.new] == [("sql-injection", "sink.py")]


# ── never silently green ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"def f(:\n", "not-analysed"),
        (b"x = '\xff'\n", "not-analysed"),
        (b"\x00\x01 binary\n", "not-analysed"),
        (b"(" * 5000 + b")" * 5000, "not-analysed"),
        (b"x = " + b"-" * 100_000 + b"1", "not-analysed"),
        (b"x = 1\n" * 400_000, "file-too-large"),
    ],
)
def test_what_cannot_be_read_is_a_finding_that_needs_approval(content: bytes, rule: str) -> None:
    scan = step({"a.py": "x = 1\n", "b.py": ""}, {"a.py": content, "b.py": SHELL})
    (finding,) = [finding for finding in scan.new if finding.location.path == "a.py"]
    assert (finding.rule_id, finding.severity, finding.confidence) == (rule, Severity.MEDIUM, Severity.HIGH)
    assert {finding.location.path for finding in scan.new} == {"a.py", "b.py"}
    assert "a.py" in failed(scan)["bandit"]
    assert not scan.complete


def test_a_file_that_nobody_reads_is_new_when_it_changes_and_only_then() -> None:
    broken = {"a.py": "def f(:\n", "b.py": ""}
    scan = step(broken, {**broken, "b.py": "x = 1\n"})
    assert (rules(scan.new), rules(scan.unchanged)) == ([], ["not-analysed"])
    assert failed(scan) == {}
    assert "a.py" in next(run.reason for run in scan.runs if run.name == "bandit")
    assert rules(step(broken, {**broken, "a.py": "def g(:\n"}).new) == ["not-analysed"]


def test_an_unreadable_base_makes_everything_new_and_says_so() -> None:
    scan = step({"a.py": SHELL + "def f(:\n"}, {"a.py": SHELL})
    assert rules(scan.new) == ["B602"]
    assert "a.py" in next(run.reason for run in scan.runs if run.name == "bandit")


def test_a_base_whose_objects_are_missing_makes_everything_new_and_says_so() -> None:
    def lost(paths: object) -> Mapping[str, bytes]:
        raise IntegrityError("the object is not there")

    base = Tree({"a.py": "0" * 40}, lost)
    scan = compare(base, tree({"a.py": SHELL}), results=ResultCache())
    assert rules(scan.new) == ["B602"]
    assert all("the object is not there" in run.reason for run in scan.runs)


def test_a_detector_that_crashes_is_a_finding_and_the_others_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> Detection:
        raise ZeroDivisionError("boom")

    no_flow(monkeypatch, crash)
    for files in ({"a.py": SHELL}, {"a.py": SHELL, "b.py": ""}):
        scan = step(files, {**files, "a.py": SHELL + "\n"})
        assert rules(scan.new) == ["detector-failed"]
        assert "taint: ZeroDivisionError: boom" in scan.new[0].title
        assert "boom" in failed(scan)["taint"]
        assert "B602" in rules(scan.unchanged)


def test_a_detector_that_crashes_on_one_file_finds_in_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    from grace.hunter import bandit

    detect = bandit.detect

    def crash(path: str, content: bytes) -> Detection:
        if path == "b.py":
            raise ZeroDivisionError("boom")
        return detect(path, content)

    monkeypatch.setattr("grace.hunter.bandit.detect", crash)
    scan = scan_tree(tree({"a.py": SHELL, "b.py": SHELL}), results=ResultCache())
    assert rules(scan.new) == ["B602", "detector-failed"]
    assert next(f for f in scan.new if f.rule_id == "detector-failed").location.path == "b.py"


def test_a_file_that_vanishes_is_a_finding() -> None:
    scan = scan_tree(Tree({"a.py": "0" * 40}, lambda paths: {}), results=ResultCache())
    assert rules(scan.new) == ["not-analysed"]
    assert "vanished" in scan.new[0].title


def test_a_language_that_nobody_reads_is_said() -> None:
    scan = step({}, {"a.md": "x\n", "b.py": "x = 1\n", "main.go": "package main\n"})
    skipped = [run.reason for run in scan.runs if run.status == "skipped"]
    assert len(skipped) == 1
    assert "main.go" in skipped[0] and "a.md" not in skipped[0]


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\xff" * 3_000_000, b"", b"\0"])
def test_what_is_truly_binary_or_empty_is_no_gap(content: bytes) -> None:
    scan = scan_tree(tree({"a.png": content, "empty.py": b"", "tool": content}), results=ResultCache())
    assert (rules(scan.new), scan.complete) == ([], True)


def test_minified_source_is_analysed_like_any_other() -> None:
    line = "a=1;" * 20_000 + "eval(x)"
    assert rules(scan_tree(tree({"a.py": line}), results=ResultCache()).new) == ["B307"]


def test_nothing_to_look_at_is_said() -> None:
    (run,) = scan_tree(tree({}), results=ResultCache()).runs
    assert (run.status, run.reason) == ("ok", "there is nothing to look at")


def test_scripts_without_a_suffix_are_scanned() -> None:
    found = scan_tree(tree({"tool": "#!/usr/bin/env python3\n" + SHELL, "notes": SHELL}), results=ResultCache())
    assert {finding.location.path for finding in found.new} == {"tool"}


# ── secrets, comments, dependencies ──────────────────────────────────────────────────────────────


def test_secrets_are_found_in_text_of_any_kind_and_in_the_message() -> None:
    scan = step({}, {"a.yaml": f"token: {TOKEN}\n"}, message=f"Use {TOKEN}")
    assert {finding.location.path for finding in scan.new} == {"a.yaml", "(commit message)"}


def test_comments_that_silence_are_no_finding_of_a_tree_without_a_base() -> None:
    assert rules(scan_tree(tree({"a.py": "eval(x)  # nosec\n"}), results=ResultCache()).new) == ["B307"]


def test_dependencies_are_audited_where_they_change() -> None:
    before = {"requirements.txt": "", "a.py": ""}
    scan = step(before, {**before, "requirements.txt": "left-pad\n"})
    assert rules(scan.new) == ["dependency-not-audited"]
    named = [run.name for run in step(before, {**before, "a.py": "x = 1\n"}).runs]
    assert "dependencies" not in named


# ── results that are kept ────────────────────────────────────────────────────────────────────────


def test_a_second_scan_reads_no_file_and_says_the_same() -> None:
    results = ResultCache()
    files = tree({"a.py": SHELL, "b.py": "def f(:\n", "c.env": f"T={TOKEN}\n", "d.py": ""})
    first = scan_tree(files, results=results)

    def refuse(paths: object) -> Mapping[str, bytes]:
        raise AssertionError("a file was read")

    assert scan_tree(Tree(files.keys, refuse), results=results) == first


def test_an_answer_is_about_a_path_and_a_content() -> None:
    results = ResultCache()
    for path, content in (("a.py", SHELL), ("b.py", SHELL), ("a.py", "x = 1\n")):
        found = scan_tree(tree({path: content}), results=results).new
        assert {finding.location.path for finding in found} == ({path} if content == SHELL else set())


def test_kept_results_that_make_no_sense_are_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    results = ResultCache()
    files = tree({"a.py": SHELL})
    first = scan_tree(files, results=results)
    monkeypatch.setattr(results, "get_many", lambda shelf, keys: dict.fromkeys(keys, b'{"findings": 7}'))
    assert scan_tree(files, results=results) == first


def test_a_secret_is_found_anew_with_another_salt(own_home) -> None:  # type: ignore[no-untyped-def] # a fixture
    results, files = ResultCache(), tree({"a.env": f"T={TOKEN}\n"})
    first = scan_tree(files, results=results).new
    (own_home / "secrets.salt").write_bytes(b"x" * 32)
    assert scan_tree(files, results=results).new[0].fingerprint != first[0].fingerprint


def test_stopping_stops_a_detector_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> Detection:
        raise KeyboardInterrupt

    monkeypatch.setattr("grace.hunter.bandit.detect", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scan_tree(tree({"a.py": SHELL}), results=ResultCache())


@pytest.mark.parametrize(
    ("rule", "example"), [(rule.id, example) for rule in rules_of("scan") for example in rule.examples]
)
def test_the_rules_about_scanning_find_their_examples(rule: str, example: Example) -> None:
    scan = step({}, {example.path or "example.py": example.code})
    assert (rule in rules(scan.new)) is example.vulnerable
