import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grace.git import GitRepository, run_git

Grace = Callable[..., Any]
MakeRepository = Callable[..., GitRepository]


def test_help_lists_the_commands_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; import grace.cli.main; "
        "heavy = {'prefect', 'pydantic', 'sqlmodel', 'rich', 'grace.contracts'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "name", ["fix", "rerun", "runs", "show", "doctor", "audit verify", "audit show", "audit export"]
)
def test_every_command_explains_itself_with_an_example(grace: Grace, name: str) -> None:
    ran = grace(*name.split(), "--help")
    assert ran.code == 0
    assert "Example" in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fix", "missing"], "missing"),
        (["fix", "plain"], "not a git repository"),
        (["fix", "empty"], "no commits"),
        (["fix", "good", "--tests", "tests/nowhere.py"], "tests/nowhere.py"),
        (["fix", "good", "--test-command", "pytest 'unclosed"], "--test-command"),
        (["fix", "good", "--timeout", "0"], "--timeout"),
        (["fix"], "REPO"),
        (["unknown"], "unknown"),
        (["show", "ffff"], "no run"),
        (["rerun", "ffff"], "no run"),
    ],
)
def test_bad_input_is_said_in_words_and_in_json(
    grace: Grace, make_repository: MakeRepository, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "empty").mkdir()
    run_git(("init", "--quiet"), cwd=tmp_path / "empty")
    make_repository({"a.py": ""}, name="good")
    spoken = grace(*arguments)
    assert (spoken.code, spoken.out) == (2, "")
    assert words in spoken.err and "Traceback" not in spoken.err
    written = grace(*arguments, "--json")
    assert written.code == 2
    assert written.json["status"] == "error" and words in written.json["message"]


def test_a_repository_with_packages_named_like_ours_does_not_run_inside_us(
    grace: Grace, make_repository: MakeRepository
) -> None:
    trap = "raise SystemExit('hijacked')\n"
    names = ("grace", "flows", "tasks", "blocks")
    repository = make_repository({f"{name}/__init__.py": trap for name in names})
    ran = grace("runs", "--json", cwd=repository.root)
    assert (ran.code, ran.err) == (0, "")


def test_a_shadowed_package_is_refused_before_anything_of_it_runs(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "__init__.py").write_text("raise SystemExit('hijacked')\n")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from grace.cli.launch import refuse_foreign_packages\n"
        "from grace.errors import EnvironmentLacking\n"
        "try: refuse_foreign_packages()\n"
        "except EnvironmentLacking as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "'tasks' would come from" in done.stdout, done.stderr


def test_a_home_that_cannot_be_written_is_the_environments_fault(
    grace: Grace, make_repository: MakeRepository, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    ran = grace("runs", "--json", GRACE_HOME=str(tmp_path / "file" / "home"))
    assert (ran.code, ran.json["error"]) == (6, "EnvironmentLacking")


def test_doctor_finds_what_is_there(grace: Grace) -> None:
    ran = grace("doctor", "--json")
    checks = {check["name"]: check for check in ran.json["checks"]}
    assert ran.code == 0
    assert all(checks[name]["present"] for name in ("python", "git", "home", "database", "prefect"))
    assert "sandbox in use" in checks


def test_doctor_says_what_is_missing_and_what_to_do(grace: Grace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = grace("doctor", "--json", GRACE_HOME=str(tmp_path / "file" / "home"))
    missing = {c["name"]: c["remedy"] for c in ran.json["checks"] if c["required"] and not c["present"]}
    assert ran.code == 6
    assert set(missing) == {"home", "database"} and "GRACE_HOME" in missing["home"]
