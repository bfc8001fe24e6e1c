"""`grace scan`: what is scanned, what is shown, and how it ends."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from grace.cli.main import app
from grace.errors import InputError
from grace.git import run_git
from tests.conftest import MakeRepository

QUERY = """import sqlite3

from flask import Flask, request

app = Flask(__name__)


@app.route("/user")
def user():
    name = request.args["name"]
    query = "select id from user where name = '" + name + "'"
    return {"rows": sqlite3.connect("a").execute(query).fetchall()}
"""
SAFE = QUERY.replace("""'" + name + "'\"""", '?"').replace("(query)", "(query, (name,))")
NOTE = "assert x\n"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRACE_HOME", str(tmp_path / "grace-home"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is in no repository."""
    place = tmp_path / "folder"
    place.mkdir()
    (place / "web.py").write_text(QUERY)
    (place / "note.py").write_text(NOTE)
    return place


def run(*words: object, code: int) -> str:
    done = CliRunner().invoke(app, ["scan", *map(str, words)])
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


def answer(*words: object, code: int) -> Any:
    return json.loads(run(*words, "--json", code=code))


def refused(*words: object) -> str:
    error = CliRunner().invoke(app, ["scan", *map(str, words)]).exception
    assert isinstance(error, InputError)
    return str(error)


def found(said: Any) -> set[tuple[str, str]]:
    return {(finding["location"]["path"], finding["rule_id"]) for finding in said["findings"]}


def commit(root: Path) -> None:
    run_git(("add", "--all"), cwd=root)
    run_git(("commit", "--quiet", "--message=More"), cwd=root)


# ── what is shown ────────────────────────────────────────────────────────────────────────────────


def test_a_finding_is_shown_with_its_way_and_the_exit_code_says_that_there_is_one(folder: Path) -> None:
    shown = run(folder, code=1)
    for part in ("sql-injection", "web.py:12  user", "web.py:10", 'name = request.args["name"]', "1 finding; 1 note"):
        assert part in shown
    assert "B101" not in shown
    assert "B101" in run(folder, "--all", code=1)


def test_notes_alone_are_no_reason_to_fail(folder: Path) -> None:
    (folder / "web.py").write_text(SAFE)
    assert "0 findings; 1 note" in run(folder, code=0)
    said = answer(folder, code=0)
    assert (said["status"], said["concerning"], said["complete"]) == ("clean", 0, True)


def test_programs_are_told_everything(folder: Path) -> None:
    said = answer(folder, code=1)
    assert found(said) == {("web.py", "sql-injection"), ("note.py", "B101")}
    (way,) = [finding["flow"] for finding in said["findings"] if finding["flow"]]
    assert [step["location"]["line"] for step in way] == [10, 11, 12]
    assert {run["name"]: run["status"] for run in said["detector_runs"]}["taint"] == "ok"
    assert (said["root"], said["files"], said["base"]) == (str(folder), 2, None)


def test_what_was_not_analysed_is_shown_and_is_no_success(folder: Path) -> None:
    (folder / "web.py").write_text("def f(:\n")
    assert "not-analysed" in run(folder, code=1)
    assert answer(folder, code=1)["complete"] is False


def test_names_and_words_of_others_cannot_draw_over_the_terminal(folder: Path) -> None:
    (folder / "web.py").rename(folder / "[red]\x1b[2Jweb.py")
    shown = run(folder, code=1)
    assert "\x1b" not in shown
    assert "[red]" in shown


def test_a_log_for_other_tools(folder: Path) -> None:
    log = json.loads(run(folder, "--sarif", code=1))
    assert log["version"] == "2.1.0"
    assert {result["ruleId"] for result in log["runs"][0]["results"]} == {"sql-injection", "B101"}


# ── what is scanned ──────────────────────────────────────────────────────────────────────────────


def test_of_a_repository_what_is_there_and_not_ignored(make_repository: MakeRepository) -> None:
    root = make_repository({"web.py": QUERY, ".gitignore": "ignored/\n"}).root
    (root / "new.py").write_text("eval(x)\n")
    (root / "ignored").mkdir()
    (root / "ignored/web.py").write_text(QUERY)
    said = answer(root, code=1)
    assert {path for path, _ in found(said)} == {"web.py", "new.py"}
    assert {path for path, _ in found(answer(root / "ignored", code=1))} == {"web.py"}


def test_a_part_of_a_repository_keeps_its_paths(make_repository: MakeRepository) -> None:
    root = make_repository({"src/a/web.py": QUERY, "src/b.py": NOTE, "c.py": NOTE}).root
    assert found(answer(root / "src/a", code=1)) == {("src/a/web.py", "sql-injection")}
    assert found(answer(root / "src/b.py", code=0)) == {("src/b.py", "B101")}


def test_one_file_alone(folder: Path, tmp_path: Path) -> None:
    assert found(answer(folder / "note.py", code=0)) == {("note.py", "B101")}
    (tmp_path / "link.py").symlink_to(folder / "web.py")
    assert found(answer(tmp_path / "link.py", code=1)) == {("web.py", "sql-injection")}


def test_of_a_bare_repository_its_head(make_repository: MakeRepository, tmp_path: Path) -> None:
    root = make_repository({"web.py": QUERY}).root
    run_git(
        ("clone", "--quiet", "--bare", str(root), str(tmp_path / "bare.git")),
        cwd=tmp_path,
        environment={"GIT_ALLOW_PROTOCOL": "file"},
    )
    assert found(answer(tmp_path / "bare.git", code=1)) == {("web.py", "sql-injection")}


@pytest.mark.parametrize("place", ["nowhere", "pipe", "loop"])
def test_what_cannot_be_scanned_is_refused(place: str, tmp_path: Path) -> None:
    if place == "pipe":
        os.mkfifo(tmp_path / place)
    elif place == "loop":
        (tmp_path / place).symlink_to(place)
    assert place in refused(tmp_path / place)


# ── what is new ──────────────────────────────────────────────────────────────────────────────────


def test_since_a_revision_only_what_is_new(make_repository: MakeRepository) -> None:
    root = make_repository({"old.py": "eval(x)\n", "gone.py": "exec(x)\n", "web.py": SAFE}).root
    (root / "web.py").write_text("# moved\n" + SAFE)
    (root / "gone.py").unlink()
    commit(root)
    assert found(answer(root, "--base", "HEAD~1", code=0)) == set()
    (root / "web.py").write_text(QUERY)
    (root / "untracked.py").write_text("eval(y)  # nosec\n")
    said = answer(root, "--base", "HEAD~1", code=1)
    assert found(said) == {("web.py", "sql-injection"), ("untracked.py", "B307"), ("untracked.py", "suppression-added")}
    assert [finding["rule_id"] for finding in said["gone"]] == ["B102"]
    assert (said["unchanged_count"], said["unchanged"]) == (1, [])
    assert "2 new findings" in run(root, "--base", "HEAD~1", code=1)
    assert len(answer(root, "--base", "HEAD~1", "--all", code=1)["unchanged"]) == 1
    states = json.loads(run(root, "--base", "HEAD~1", "--sarif", code=1))["runs"][0]["results"]
    assert {state["baselineState"] for state in states} == {"new", "unchanged", "absent"}


def test_a_base_that_is_not_there_is_refused(folder: Path, make_repository: MakeRepository) -> None:
    assert "no git repository" in refused(folder, "--base", "main")
    assert "no-such-branch" in refused(make_repository({"a.py": ""}).root, "--base", "no-such-branch")


def test_one_document_at_a_time(folder: Path) -> None:
    assert "--sarif" in refused(folder, "--json", "--sarif")


# ── rules ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ("sql-injection", ("CWE-89", "Instead:", "Found", "Not found")),
        ("not-analysed", ("medium", "Instead:")),
        ("B602", ("CWE-78", "shell", "https://bandit.readthedocs.io")),
        ("b307", ("eval", "CWE-78")),
    ],
)
def test_a_rule_is_explained(rule: str, parts: tuple[str, ...]) -> None:
    shown = run("--explain", rule, code=0)
    assert all(part in shown for part in parts)
    said = answer("--explain", rule, code=0)
    assert said["id"].lower() == rule.lower()
    assert said["why"]


def test_a_rule_that_there_is_not_brings_the_names_most_like_it() -> None:
    assert "sql-injection" in refused("--explain", "sqlinjection")
    assert "B602" in refused("--explain", "B6020")
    assert "Did you mean" not in refused("--explain", "zzzzzzzzzz")
