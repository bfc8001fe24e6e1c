import os
import subprocess
import sys

import pytest

from grace.contracts import Severity
from grace.hunter.bandit import detect, driver, version

SHELL = b"""import subprocess


class A:
    def run(self, command):
        return subprocess.call(command, shell=True)
"""


def test_a_finding_says_what_where_and_how_bad() -> None:
    found = {finding.rule_id: finding for finding in detect("a.py", SHELL).findings}
    assert set(found) == {"B404", "B602"}
    shell = found["B602"]
    assert (shell.severity, shell.confidence, shell.cwe) == (Severity.HIGH, Severity.HIGH, 78)
    assert (shell.location.path, shell.location.line, shell.symbol) == ("a.py", 6, "A.run")
    assert shell.evidence == "return subprocess.call(command, shell=True)"
    assert shell.detector == "bandit"
    assert version()


@pytest.mark.parametrize(
    "source",
    [b"password = 'hunter2'", b"f(1, token='hunter2')", b"def f(pwd='hunter2'): pass", b"password = '''hunter2\n'''"],
)
def test_a_password_is_never_shown(source: bytes) -> None:
    (finding,) = detect("a.py", source).findings
    (other,) = detect("a.py", source.replace(b"hunter2", b"hunter3")).findings
    assert "hunter2" not in finding.model_dump_json()
    assert finding.fingerprint == other.fingerprint  # a hash of it would give it away


def test_newer_grammar_than_the_interpreters_is_read() -> None:
    detection = detect("a.py", b"def f[T](x: T):\n    q = f'{x['a']}'\n    eval(\n      x)\n")
    assert [(finding.rule_id, finding.location.line) for finding in detection.findings] == [("B307", 3)]
    assert not detection.failures


@pytest.mark.parametrize("broken", [b"def f(:\n", b"x = '\xff'\n", b"x = 1\0\n", b"(" * 5000 + b")" * 5000])
def test_what_cannot_be_read_is_a_failure(broken: bytes) -> None:
    detection = detect("a.py", broken)
    assert set(detection.failures) == {"a.py"}
    assert not detection.findings


def test_a_rule_that_crashes_is_told_and_the_others_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("bandit.core.blacklisting.report_issue", crash)
    detection = detect("a.py", SHELL)
    assert "boom" in detection.failures["a.py"]
    assert "B602" in {finding.rule_id for finding in detection.findings}


def test_another_version_of_bandit_drives_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    here = [finding.fingerprint for finding in detect("a.py", SHELL).findings]
    rules = driver._Rules()
    rules.known = False
    monkeypatch.setattr(driver, "_rules", lambda: rules)
    assert [finding.fingerprint for finding in detect("a.py", SHELL).findings] == here


def test_detecting_says_nothing_on_stderr_and_writes_nothing_to_the_users_cache(tmp_path) -> None:  # type: ignore[no-untyped-def] # a fixture
    code = "from grace.hunter.bandit import detect; print(len(detect('a.py', b'eval(x)').findings))"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert list(tmp_path.iterdir()) == []
