"""What an audit finds, where, and what makes it the same finding."""

from datetime import UTC, datetime, timedelta

import pytest

from grace.contracts import Severity
from grace.hunter.dependencies import Advisories, AdvisoriesInMemory, audit, is_dependency_file
from grace.hunter.tree import Tree

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LOCK = '[[package]]\nname = "flask"\nversion = "1.0"\nsource = { registry = "https://pypi.org/simple" }\n'
PROJECT = '[project]\nname = "shop"\ndependencies = ["flask>=1"]\n'


def rules(found):
    return [(each.rule_id, each.location.path, each.location.line) for each in found]


def test_a_vulnerable_pin_is_found_with_what_to_do(findings, all_below):
    record = all_below("flask", "2.0", aliases=["CVE-2020-1", "GHSA-x"], summary="Cookies leak")
    (found,) = findings({"requirements.txt": "# pinned\nFlask==1.0\n"}, record)
    assert found.title == (
        "flask 1.0 is vulnerable: CVE-2020-1 (PYSEC-2020-1, GHSA-x), severity unknown; fixed in 2.0. Cookies leak"
    )
    assert (found.rule_id, found.severity, found.confidence) == (
        "vulnerable-dependency",
        Severity.HIGH,
        Severity.MEDIUM,
    )
    assert (found.location.path, found.location.line, found.evidence) == ("requirements.txt", 2, "Flask==1.0")
    assert (found.cwe, found.detector) == (1395, "dependencies")


@pytest.mark.parametrize(
    ("word", "severity"), [("LOW", Severity.LOW), ("MODERATE", Severity.MEDIUM), ("CRITICAL", Severity.HIGH)]
)
def test_the_advisory_says_how_bad_it_is(findings, all_below, word, severity):
    (found,) = findings(
        {"requirements.txt": "flask==1.0"}, all_below("flask", "2", database_specific={"severity": word})
    )
    assert found.severity is severity


def test_a_malicious_package_is_denied(findings, advisory):
    record = advisory("reqests", versions=["1.0"], name="MAL-2024-1")
    (found,) = findings({"requirements.txt": "reqests==1.0"}, record)
    assert (found.rule_id, found.severity, found.confidence) == ("malicious-dependency", Severity.HIGH, Severity.HIGH)
    found, gap = findings({"requirements.txt": "reqests"}, record)
    assert (found.rule_id, found.confidence, gap.rule_id) == (
        "malicious-dependency",
        Severity.MEDIUM,
        "dependency-not-audited",
    )


def test_advisories_of_one_vulnerability_give_one_finding(findings, all_below):
    records = [
        all_below("flask", "2", id="PYSEC-1", aliases=["CVE-1"]),
        all_below("flask", "2", id="GHSA-1", aliases=["CVE-1"]),
        all_below("Flask", "2", id="CVE-1"),
    ]
    (found,) = findings({"requirements.txt": "flask==1.0"}, *records)
    assert "CVE-1 (PYSEC-1, GHSA-1)" in found.title


def test_withdrawn_advisories_and_other_packages_are_not_found(findings, all_below):
    records = [all_below("flask", "2", withdrawn="2024-01-01T00:00:00Z"), all_below("flask-login", "2")]
    assert findings({"requirements.txt": "flask==1.0\n"}, *records) == ()


def test_every_kind_of_file_is_audited(findings, all_below):
    files = {
        "requirements.txt": "flask==1.0",
        "dev-requirements.txt": "flask==1.0",
        "requirements/prod.txt": "flask==1.0",
        "constraints.txt": "flask==1.0",
        "a/uv.lock": LOCK,
        "b/poetry.lock": LOCK,
        "c/pdm.lock": LOCK,
        "d/pylock.toml": LOCK.replace("[[package]]", "[[packages]]"),
        "d/pylock.dev.toml": LOCK.replace("[[package]]", "[[packages]]"),
        "e/Pipfile.lock": '{"default": {"flask": {"version": "==1.0"}}}',
        "f/pyproject.toml": '[project]\ndependencies = ["flask==1.0"]',
        "g/Pipfile": '[packages]\nflask = "==1.0"',
        "h/setup.cfg": "[options]\ninstall_requires = flask==1.0",
        "i/setup.py": "from setuptools import setup\nsetup(install_requires=['flask==1.0'])",
        "j/requirements.in": "flask==1.0",
        "notes.txt": "flask==1.0",
        "poetry.lock.bak": LOCK,
    }
    found = findings(files, all_below("flask", "2"))
    assert {each.rule_id for each in found} == {"vulnerable-dependency"}
    expected = sorted(files.keys() - {"notes.txt", "poetry.lock.bak"})
    assert [each.location.path for each in found] == expected
    assert [path for path in sorted(files) if is_dependency_file(path)] == expected
    assert len({each.fingerprint for each in found}) == 1


def test_files_that_a_requirements_file_includes_are_audited_once(findings, all_below):
    files = {
        "requirements.txt": "-r deps/web.list\n-r deps/web.list\n",
        "deps/web.list": "-r ../requirements.txt\nflask==1.0",
    }
    assert rules(findings(files, all_below("flask", "2"))) == [("vulnerable-dependency", "deps/web.list", 2)]


def test_a_constraint_pins_what_is_required(findings, all_below):
    files = {
        "requirements.txt": "-c versions.list\n-r more.list\nflask\n",
        "more.list": "requests>=2\n",
        "versions.list": "flask==1.0\nrequests==2.0\nother>1\n",
    }
    assert rules(findings(files, all_below("flask", "2"))) == [("vulnerable-dependency", "versions.list", 1)]


# ── lock files decide ───────────────────────────────────────────────────────────────────────────


def test_with_a_lock_file_the_ranges_of_a_project_are_no_gap(findings, all_below):
    found = findings({"pyproject.toml": PROJECT, "uv.lock": LOCK}, all_below("flask", "2"))
    assert rules(found) == [("vulnerable-dependency", "uv.lock", 2)]


def test_the_lock_file_of_another_project_does_not_count(findings):
    (found,) = findings({"pyproject.toml": PROJECT, "other/uv.lock": LOCK, "Pipfile.lock": "{}"})
    assert (found.location.path, found.severity) == ("pyproject.toml", Severity.LOW)
    (found,) = findings({"Pipfile": '[packages]\nflask = "*"', "uv.lock": LOCK})
    assert (found.location.path, found.severity) == ("Pipfile", Severity.LOW)


def test_the_lock_file_of_pipenv_decides_for_its_project(findings):
    assert (
        findings({"Pipfile": '[packages]\nflask = "*"', "Pipfile.lock": '{"default": {"flask": {"version": "==1.0"}}}'})
        == ()
    )


@pytest.mark.parametrize(("lock", "gaps"), [("uv.lock", 1), ("poetry.lock", 1), ("pdm.lock", 0), ("pylock.toml", 0)])
def test_lock_files_of_one_platform_may_leave_out_what_a_marker_excludes(findings, lock, gaps):
    project = PROJECT.replace('"flask>=1"', """"flask>=1", "pywin32 ; sys_platform == 'win32'\"""")
    text = LOCK.replace("[[package]]", "[[packages]]") if lock == "pylock.toml" else LOCK
    assert len(findings({"pyproject.toml": project, lock: text})) == gaps


def test_the_lock_file_of_a_workspace_locks_its_members(findings):
    lock = LOCK + '\n[[package]]\nname = "shop"\nsource = { editable = "packages/shop" }\n'
    files = {"packages/shop/pyproject.toml": PROJECT, "elsewhere/pyproject.toml": PROJECT, "uv.lock": lock}
    assert rules(findings(files)) == [("dependency-not-audited", "elsewhere/pyproject.toml", 3)]


def test_a_dependency_that_the_lock_file_does_not_have_is_a_gap(findings):
    project = PROJECT.replace('"flask>=1"', '"flask>=1", "requests", "shop[all]"')
    (found,) = findings({"pyproject.toml": project, "uv.lock": LOCK})
    assert (found.rule_id, found.severity) == ("dependency-not-audited", Severity.MEDIUM)
    assert "requests is not in uv.lock" in found.title


def test_a_lock_file_that_contradicts_the_project_is_a_gap(findings):
    (found,) = findings({"pyproject.toml": PROJECT.replace("flask>=1", "flask>=2"), "uv.lock": LOCK})
    assert "flask is locked at 1.0 in uv.lock, which >=2 excludes" in found.title


def test_a_compiled_requirements_file_decides_for_its_source(findings):
    assert findings({"requirements.in": "flask\n", "requirements.txt": "flask==3.0\n"}) == ()


def test_pins_beside_a_project_decide_for_it(findings):
    assert findings({"pyproject.toml": PROJECT, "requirements.txt": "flask==3.0\n"}) == ()


def test_ranges_of_a_project_without_a_lock_file_are_one_note(findings):
    project = '[project]\ndependencies = ["flask>=1", "requests"]\n[build-system]\nrequires = ["hatchling"]\n'
    (found,) = findings({"pyproject.toml": project})
    assert (found.severity, found.location.line) == (Severity.LOW, 2)
    assert "of flask, requests:" in found.title


def test_a_range_whose_newest_versions_are_vulnerable_is_found(findings, all_below):
    found = findings({"pyproject.toml": PROJECT.replace(">=1", ">=1,<2")}, all_below("flask", "2.1"))
    assert [each.rule_id for each in found] == ["vulnerable-dependency", "dependency-not-audited"]
    assert "flask (<2,>=1): the newest versions that it allows are vulnerable" in found[0].title
    assert "fixed in 2.1" in found[0].title


# ── the same finding, or a new one ──────────────────────────────────────────────────────────────


def prints(found):
    return sorted(each.fingerprint for each in found)


def test_findings_stay_the_same_when_lines_and_files_move(findings, all_below):
    record = all_below("flask", "2")
    before = findings({"requirements.txt": "flask==1.0\nshop\n"}, record)
    after = findings(
        {"deps/requirements.txt": "# moved\n\nshop  # unpinned\nflask  ==  1.0 \\\n --hash=sha256:00\n"}, record
    )
    assert len(before) == 2
    assert prints(before) == prints(after)


def test_a_pin_that_moves_to_another_vulnerable_version_is_new(findings, all_below):
    record = all_below("flask", "2")
    before, after = (findings({"requirements.txt": f"flask=={version}\n"}, record) for version in ("1.0", "1.1"))
    assert set(prints(before)).isdisjoint(prints(after))


def test_two_vulnerabilities_of_one_pin_are_two_findings(findings, all_below):
    found = findings(
        {"requirements.txt": "flask==1.0"}, all_below("flask", "2", id="CVE-1"), all_below("flask", "2", id="CVE-2")
    )
    assert len(set(prints(found))) == 2


@pytest.mark.parametrize(
    "arguments", [{"advisories": Advisories(None)}, {"date": None, "old": True}], ids=["no advisories", "stale"]
)
def test_gaps_about_everything_are_new_only_when_the_dependencies_change(findings, arguments):
    def prints_of(text):
        given = dict(arguments)
        if given.pop("old", False):
            old = AdvisoriesInMemory([], date=NOW - timedelta(days=31))
            given = {"advisories": Advisories(old)}
        found = findings({"requirements.txt": text}, now=NOW, **given)
        assert len(found) == 1
        return prints(found)

    before = prints_of("flask==3.0\nrequests==2.0\n")
    assert prints_of("# sorted\nrequests==2.0\n\nflask==3.0\n") == before
    assert prints_of("flask==3.0\nrequests==2.1\n") != before
    assert prints_of("flask==3.0\nrequests==2.0\nextra==1.0\n") != before


def test_credentials_in_a_requirement_are_not_shown(findings):
    (found,) = findings({"requirements.txt": "git+https://user:s3cretpassword@git.example/shop.git\n"})
    assert "s3cretpassword" not in found.model_dump_json()


def test_a_tree_without_dependency_files_has_no_findings():
    assert audit(Tree.of({"a.py": b"import flask"}), advisories=Advisories(None)).findings == ()
