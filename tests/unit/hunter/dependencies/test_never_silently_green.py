"""Whatever is not audited is a finding."""

from datetime import timedelta

import pytest

from grace.contracts import Severity
from grace.hunter.dependencies import Advisories, AdvisoriesInMemory, audit
from grace.hunter.dependencies.database import FILE_NAME
from grace.hunter.dependencies.update import update_from
from grace.hunter.tree import Tree

PROJECT = '[project]\nname = "shop"\ndependencies = ["flask>=1"]\n'


def needs_a_vote(found):
    return found.severity is Severity.MEDIUM and found.confidence is Severity.HIGH


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"requirements.txt": "flask"}, "flask has no exact version (any)"),
        ({"requirements.txt": "flask>=1"}, "flask has no exact version (>=1)"),
        ({"requirements.txt": "flask==1.*"}, "flask has no exact version (==1.*)"),
        ({"requirements.txt": "flask @ git+https://x.example/f"}, "flask was not audited: it comes from a git"),
        ({"requirements.txt": "https://x.example/f-1.0.tar.gz"}, "it comes from a URL"),
        ({"requirements.txt": "../shop"}, "it lies outside of this repository"),
        ({"requirements.txt": "./libs/shop"}, "that folder declares no dependencies in a file"),
        ({"requirements.txt": "-e ."}, "that folder declares no dependencies in a file"),
        ({"requirements.txt": "pytz==2004d"}, "2004d is no version that PEP 440 knows"),
        ({"requirements.txt": "what is this"}, "this is no requirement that could be understood"),
        ({"requirements.txt": "--unknown-option"}, "this option is not known"),
        ({"requirements.txt": "-r base.txt"}, "the included file is not there"),
        ({"requirements.txt": "-r ../../etc/passwd"}, "outside of this repository"),
        ({"requirements.txt": "-r /etc/passwd"}, "outside of this repository"),
        ({"requirements.txt": "-r https://x.example/r.txt"}, "outside of this repository"),
        ({"requirements.txt": b"flask==1.0\0\1"}, "it is a binary file"),
        ({"requirements.txt": "flask==1.0 # é".encode("latin-1")}, "it is not text in UTF-8"),
        ({"requirements.txt": b"#" * (8 * 2**20 + 1)}, "it is larger than 8,192 KiB"),
        ({"requirements.txt": "a==1\n" * 20_001}, "it declares more than 20,000 dependencies"),
        ({"uv.lock": "[[package"}, "uv.lock was not audited: it is not TOML"),
        ({"uv.lock": ""}, "it is empty"),
        ({"uv.lock": '[[package]]\nname = "f"\nsource = { git = "x" }'}, "it comes from a git repository"),
        ({"uv.lock": '[[package]]\nname = "f"\nsource = { path = "f.whl" }'}, "it is a file, not a release"),
        ({"poetry.lock": '[[package]]\nname = "f"'}, "the lock file names no version"),
        ({"Pipfile.lock": "{"}, "it is not JSON"),
        ({"pyproject.toml": "[project"}, "it is not TOML"),
        ({"pyproject.toml": '[project]\ndependencies = ["flask @ https://x.example/f"]'}, "it comes from a URL"),
        ({"pyproject.toml": PROJECT, "uv.lock": "version = 1\n"}, "flask is not in uv.lock"),
        ({"setup.py": "setup(install_requires=read())"}, "these dependencies are computed"),
        ({"setup.py": "setup("}, "it is not Python"),
        ({"setup.cfg": "nothing"}, "it is not a configuration file"),
    ],
)
def test_what_cannot_be_audited_is_a_finding(findings, files, reason):
    (found,) = findings(files)
    assert found.rule_id == "dependency-not-audited"
    assert reason in found.title
    assert needs_a_vote(found)


def test_a_project_that_has_its_own_files_is_audited_there(findings):
    assert findings({"requirements.txt": "-e .\n", "setup.py": "setup(install_requires=[])"}) == ()


def test_a_symbolic_link_is_its_target_as_git_keeps_it(findings):
    (found,) = findings({"requirements.txt": "../shared/requirements.txt", "uv.lock": "../uv.lock"})[:1]
    assert needs_a_vote(found)


def test_a_file_that_vanishes_is_a_finding():
    tree = Tree({"requirements.txt": "0" * 40}, lambda paths: {})
    (found,) = audit(tree, advisories=Advisories(AdvisoriesInMemory([]))).findings
    assert "vanished" in found.title


def test_an_advisory_that_cannot_be_compared_is_a_finding(findings, advisory):
    (found,) = findings({"requirements.txt": "flask==1.0"}, advisory("flask", ("introduced", "2004d")))
    assert "cannot be compared with the versions of PYSEC-2020-1" in found.title
    assert needs_a_vote(found)


def test_a_version_of_no_standard_that_is_listed_is_vulnerable(findings, advisory):
    found = findings({"requirements.txt": "pytz==2004d"}, advisory("pytz", versions=["2004d"]))
    assert [each.rule_id for each in found] == ["vulnerable-dependency", "dependency-not-audited"]


def test_without_advisories_there_is_one_finding_a_file(findings):
    files = {"requirements.txt": "a==1\nb==1\nc\n", "uv.lock": '[[package]]\nname = "f"\nversion = "1"\n'}
    found = findings({**files, "Pipfile": ""}, advisories=Advisories(None))
    assert [each.location.path for each in found] == ["requirements.txt", "uv.lock"]
    assert all("`grace advisories update`" in each.title and needs_a_vote(each) for each in found)


def test_a_missing_database_is_told_as_no_advisories(findings, tmp_path):
    (found,) = findings({"requirements.txt": "a==1"}, advisories=Advisories.open(tmp_path))
    assert "There is no advisory database here" in found.title


def test_a_damaged_database_is_told_as_no_advisories(findings, tmp_path, advisory):
    (tmp_path / FILE_NAME).write_bytes(b"SQLite format 3\0" + b"\0" * 4096)
    (found,) = findings({"requirements.txt": "a==1"}, advisories=Advisories.open(tmp_path))
    assert "cannot be read" in found.title


@pytest.mark.parametrize("text", ["a==1\nb==1\n", "a\n"])
def test_damage_that_shows_while_it_is_asked_is_told(findings, tmp_path, advisory, text):
    import json
    import sqlite3

    (tmp_path / "records").mkdir()
    for name in ("a", "b"):
        (tmp_path / "records" / f"{name}.json").write_text(json.dumps(advisory(name, ("introduced", "0"))))
    update_from(tmp_path / "records", tmp_path)
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("UPDATE advisory SET content = x'00'")
    connection.close()
    (found,) = findings({"requirements.txt": text}, advisories=Advisories.open(tmp_path))
    assert found.rule_id == "dependency-not-audited"
    assert "Nothing in requirements.txt was audited" in found.title
    assert "cannot be read" in found.title


def test_old_advisories_are_a_finding(findings):
    from datetime import UTC, datetime

    now = datetime(2026, 6, 1, tzinfo=UTC)
    for days, told in ((30, False), (31, True)):
        found = findings(
            {"requirements.txt": "a==1", "uv.lock": "version = 1"}, date=now - timedelta(days=days), now=now
        )
        assert [each.rule_id for each in found] == (["advisory-data-stale"] if told else [])
    assert needs_a_vote(found[0])
    assert "31 days old" in found[0].title


def test_advisories_of_no_date_are_a_finding(findings, tmp_path, advisory):
    import json

    (tmp_path / "1.json").write_text(json.dumps(advisory("a", ("introduced", "0"), modified=None)))
    update_from(tmp_path, tmp_path)
    (found,) = findings({"requirements.txt": "b==1"}, advisories=Advisories.open(tmp_path))
    assert (found.rule_id, "of unknown age" in found.title) == ("advisory-data-stale", True)


def test_much_junk_is_counted_and_not_repeated(findings):
    found = findings({"requirements.txt": "".join(f"some words {at}\n" for at in range(5000))})
    assert len(found) == 101
    assert "4900 more entries" in found[-1].title
