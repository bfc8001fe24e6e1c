import hashlib
import os
import subprocess
import sys

import pytest

from grace.contracts import Change, FileEdit, Provenance, Severity
from grace.hunter import scan_change

SHELL = "import subprocess\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)\n"


@pytest.fixture
def scan(make_repository):
    """Scan the change from one set of files to another (None: deleted)."""

    def scan(before, after):
        repository = make_repository(before)
        edits = tuple(
            FileEdit(
                path=path,
                before_hash=hashlib.sha256(encoded(before[path])).hexdigest() if path in before else None,
                after=None if content is None else encoded(content),
            )
            for path, content in after.items()
        )
        change = Change(
            base_revision=repository.resolve("HEAD"),
            edits=edits,
            patch="",
            rationale="",
            provenance=Provenance(strategy="t"),
        )
        report = scan_change(change, repository=repository)
        assert report.change_digest == change.digest
        return report

    return scan


def encoded(content):
    return content.encode() if isinstance(content, str) else content


def statuses(report):
    return [run.status for run in report.detector_runs]


def test_a_weakness_brought_in_is_found(scan):
    report = scan({"a.py": "x = 1\n"}, {"a.py": SHELL})
    found = {finding.rule_id: finding for finding in report.findings}
    assert set(found) == {"B404", "B602"}
    shell = found["B602"]
    assert (shell.severity, shell.confidence, shell.cwe) == (Severity.HIGH, Severity.HIGH, 78)
    assert (shell.location.path, shell.location.line) == ("a.py", 5)
    assert shell.evidence == "return subprocess.call(command, shell=True)"
    assert statuses(report) == ["ok"]
    assert report.detector_runs[0].version


def test_what_was_there_before_is_counted_only(scan):
    report = scan(
        {"a.py": SHELL},
        {"a.py": "# moved\n\n" + SHELL.replace("(command, s", "(  command,  s") + "\n\ny = 2\n"},
    )
    assert report.findings == ()
    assert report.baseline_count == 2


def test_a_second_equal_weakness_is_new(scan):
    twice = SHELL.replace("    return", "    subprocess.call(command, shell=True)\n    return")
    report = scan(
        {"a.py": twice},
        {"a.py": twice.replace("    return", "    subprocess.call(command, shell=True)\n    return")},
    )
    assert [finding.rule_id for finding in report.findings] == ["B602"]


def test_an_edited_weakness_is_new(scan):
    report = scan({"a.py": SHELL}, {"a.py": SHELL.replace("call(command,", "call(command + '!',")})
    assert [finding.rule_id for finding in report.findings] == ["B602"]


def test_a_moved_file_brings_nothing_new(scan):
    assert scan({"a.py": SHELL}, {"a.py": None, "b/c.py": SHELL}).findings == ()


def test_nosec_does_not_silence_a_change(scan):
    report = scan({"a.py": "x = 1\n"}, {"a.py": SHELL.replace("shell=True)", "shell=True)  # nosec")})
    assert "B602" in {finding.rule_id for finding in report.findings}


@pytest.mark.parametrize("broken", ["def f(:\n", b"x = '\xff'\n", b"x = 1\0\n", "(" * 5000 + ")" * 5000])
def test_what_cannot_be_read_is_not_green(scan, broken):
    report = scan({"a.py": "x = 1\n", "b.py": "y = 1\n"}, {"a.py": broken, "b.py": SHELL})
    assert statuses(report) == ["failed"]
    assert report.detector_runs[0].reason.startswith("a.py: ")
    assert {finding.location.path for finding in report.findings} == {"b.py"}


def test_an_unreadable_base_makes_everything_new(scan):
    report = scan({"a.py": SHELL + "def f(:\n"}, {"a.py": SHELL})
    assert len(report.findings) == 2
    assert statuses(report) == ["ok"]
    assert "a.py" in report.detector_runs[0].reason


def test_files_that_are_not_python_are_skipped_out_loud(scan):
    report = scan({}, {"a.md": "x", "b.py": "x = 1\n"})
    assert statuses(report) == ["ok", "skipped"]
    assert "a.md" in report.detector_runs[1].reason


def test_scripts_without_a_suffix_are_scanned(scan):
    assert len(scan({}, {"tool": "#!/usr/bin/env python3\n" + SHELL}).findings) == 2


def test_a_deletion_is_clean(scan):
    report = scan({"a.py": SHELL}, {"a.py": None})
    assert (report.findings, statuses(report), report.baseline_count) == ((), ["ok"], 2)


def test_a_rule_that_crashes_is_reported(scan, monkeypatch):
    from bandit.core import tester

    def crash(self, context, checktype):
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(tester.BanditTester, "run_tests", crash)
    report = scan({}, {"a.py": SHELL})
    assert statuses(report) == ["failed"]
    assert "boom" in report.detector_runs[0].reason


def test_detecting_says_nothing_on_stderr_and_writes_nothing_to_the_users_cache(tmp_path):
    code = "from grace.hunter.bandit_detector import detect; print(len(detect({'a.py': b'eval(x)'}).findings))"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert list(tmp_path.iterdir()) == []
