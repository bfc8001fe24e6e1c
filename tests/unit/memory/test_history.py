import subprocess

import pytest

from grace.git import run_git
from grace.memory.database import open_memory
from grace.memory.git_log import is_fix
from grace.memory.history import YEAR, churn, newest_commit, owners, read_history

DAY = 86_400


@pytest.fixture
def memory(tmp_path):
    database = open_memory(f"sqlite:///{tmp_path / 'memory.db'}")
    with database.writing() as connection:
        columns = ("id", "location", "indexed_at", "watched", "files", "lines", "symbols", "edges", "unresolved")
        connection.insert("code_repositories", columns, [(1, "there", 0.0, b"{}", 0, 0, 0, 0, 0)])
        yield connection
    database.close()


class Project:
    """A git repository, one commit a day."""

    def __init__(self, root):
        self.root = root
        root.mkdir()
        self.days = 0
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments, **environment):
        return run_git(arguments, cwd=self.root, environment=environment).stdout.decode().strip()

    def commit(self, subject, author="Ann", **files):
        """Files by name, `__` for a slash; None removes one."""
        for name, content in files.items():
            path = self.root / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink() if content is None else path.write_text(content)
        self.days += 1
        when = {f"GIT_{role}_DATE": f"@{self.days * DAY} +0000" for role in ("AUTHOR", "COMMITTER")}
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject, **when, GIT_AUTHOR_NAME=author)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project")


def commits(memory):
    return memory.rows("SELECT subject, author, committed_at, is_fix, reverted, files FROM code_commits ORDER BY id")


def touched(memory):
    """Subject -> path -> (added, removed)."""
    found = {}
    for subject, path, *lines in memory.rows(
        "SELECT c.subject, p.path, t.added, t.removed FROM code_commit_paths t "
        "JOIN code_commits c ON c.id = t.commit_id JOIN code_paths p ON p.id = t.path_id ORDER BY c.id, p.path"
    ):
        found.setdefault(subject, {})[path] = tuple(lines)
    return found


def test_commits_are_read_oldest_first_with_the_lines_they_touch(memory, project):
    project.commit("Start", a="1\n2\n", b="1\n")
    project.commit("Fix the crash", author="Bob", a="1\n3\n4\n")
    assert read_history(memory, 1, project.root) == 2
    assert commits(memory) == [("Start", "Ann", DAY, 0, 0, 2), ("Fix the crash", "Bob", 2 * DAY, 1, 0, 1)]
    assert touched(memory) == {"Start": {"a.py": (2, 0), "b.py": (1, 0)}, "Fix the crash": {"a.py": (2, 1)}}
    assert newest_commit(memory, 1) == 2 * DAY


def test_only_news_are_read_later(memory, project, monkeypatch):
    project.commit("One", a="1")
    assert read_history(memory, 1, project.root) == 1
    started = []
    real = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: started.append(a) or real(*a, **k))
    assert read_history(memory, 1, project.root) == 0
    assert len(started) == 1
    monkeypatch.undo()
    project.commit("Two", a="2")
    assert read_history(memory, 1, project.root) == 1
    assert [subject for subject, *_ in commits(memory)] == ["One", "Two"]


def test_a_rewritten_history_is_read_anew(memory, project):
    project.commit("One", a="1")
    project.commit("Two", b="2")
    read_history(memory, 1, project.root)
    project.git("reset", "--quiet", "--hard", "HEAD~1")
    project.commit("Else", c="3")
    assert read_history(memory, 1, project.root) == 2
    assert touched(memory) == {"One": {"a.py": (1, 0)}, "Else": {"c.py": (1, 0)}}
    assert memory.rows("SELECT path FROM code_paths ORDER BY path") == [("a.py",), ("c.py",)]


def test_a_renamed_file_keeps_its_history(memory, project):
    text = "".join(f"line {n}\n" for n in range(20))
    project.commit("Start", old=text)
    read_history(memory, 1, project.root)
    project.commit("Move", old=None, src__new=text + "more\n")
    project.commit("Move again", src__new=None, lib__new=text + "more\n")
    read_history(memory, 1, project.root)
    assert touched(memory) == {
        "Start": {"lib/new.py": (20, 0)},
        "Move": {"lib/new.py": (1, 0)},
        "Move again": {"lib/new.py": (0, 0)},
    }


def test_a_renamed_file_takes_over_from_one_that_had_its_name(memory, project):
    text = "".join(f"line {n}\n" for n in range(20))
    project.commit("Start", old=text, new="x = 1\n")
    project.commit("Remove", new=None)
    read_history(memory, 1, project.root)
    project.commit("Move", old=None, new=text)
    read_history(memory, 1, project.root)
    assert [*touched(memory)["Start"]] == ["new.py"]


def test_a_commit_taken_back_is_marked(memory, project):
    bad = project.commit("Bad idea", a="1")
    project.commit(f"Revert\n\nThis reverts commit {bad}.", b="2")
    read_history(memory, 1, project.root)
    assert [(subject, reverted) for subject, _, _, _, reverted, _ in commits(memory)] == [
        ("Bad idea", 1),
        ("Revert", 0),
    ]


def test_merges_are_skipped_and_unusual_names_survive(memory, project):
    project.commit("One", **{"tab\there ü": "1"})
    project.git("checkout", "--quiet", "-b", "side")
    project.commit("Side", b="1")
    project.git("checkout", "--quiet", "main")
    project.commit("Main", c="1")
    project.git("merge", "--quiet", "--no-ff", "--message=Merge", "side")
    read_history(memory, 1, project.root)
    assert sorted(touched(memory)) == ["Main", "One", "Side"]
    assert [*touched(memory)["One"]] == ["tab\there ü.py"]


def test_paths_are_relative_to_the_folder_that_is_indexed(memory, project):
    project.commit("Both", pkg__a="1", other__b="1")
    project.commit("Other", other__b="2")
    read_history(memory, 1, project.root / "pkg")
    assert touched(memory) == {"Both": {"a.py": (1, 0)}}


def test_the_newest_count_when_there_are_too_many(memory, project):
    for number in range(4):
        project.commit(f"Number {number}", a=str(number))
    assert read_history(memory, 1, project.root, limit=2) == 2
    assert sorted(touched(memory)) == ["Number 2", "Number 3"]


def test_no_git_and_no_commits_are_no_history(memory, project, tmp_path):
    assert read_history(memory, 1, project.root) == 0
    assert read_history(memory, 1, tmp_path) == 0
    assert newest_commit(memory, 1) == 0


def test_owners_wrote_most_lines(memory, project):
    project.commit("Start", author="Ann", a="1\n2\n3\n")
    project.commit("More", author="Bob", a="1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n")
    read_history(memory, 1, project.root)
    (bob, share), (ann, _) = owners(memory, 1, "a.py")
    assert (bob, ann) == ("Bob", "Ann")
    assert 0.6 < share < 0.8
    assert owners(memory, 1, "unknown.py") == []


def test_churn_counts_a_commit_once_and_leaves_out_what_was_taken_back(memory, project):
    project.commit("Start", a="1\n", b="1\n")
    bad = project.commit("Fix nothing", a="2\n")
    project.commit(f"Undo\n\nThis reverts commit {bad}.", a="1\n")
    project.commit("Fix the leak", a="3\n", b="3\n")
    read_history(memory, 1, project.root)
    assert churn(memory, 1, ["a.py", "b.py"], since=2 * DAY) == (2, 3, 3, 1)
    assert churn(memory, 1, ["a.py", "b.py"], since=newest_commit(memory, 1) - YEAR).commits == 3


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Fix crash on empty input", True),
        ("fixed #123 -- wrong order", True),
        ("Correct the rounding of prices", True),
        ("Bugfix: avoid a deadlock", True),
        ("Add a prefix option", False),
        ("Fix typo in the docs", False),
        ("Fix flaky tests", False),
        ("Refactor the parser", False),
    ],
)
def test_fixes_are_told_by_their_subjects(subject, expected):
    assert is_fix(subject) is expected
