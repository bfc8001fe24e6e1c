import pytest

from grace.causal.cochange import partners, restless
from grace.causal.files import companions
from grace.causal.neighbours import named_like

DAY = 86_400


@pytest.fixture
def remember(database):
    """Keep commits, each given by the paths it touched, a day apart; gives the transaction."""

    with database.writing() as connection:
        columns = ("id", "location", "indexed_at", "watched", "files", "lines", "symbols", "edges", "unresolved")
        connection.insert("code_repositories", columns, [(1, "/nowhere", 0.0, b"{}", 0, 0, 0, 0, 0)])

        def remember(*commits, days=1):
            ids = {path: n for n, path in enumerate(sorted({path for paths in commits for path in paths}), 1)}
            connection.insert("code_paths", ("id", "repo_id", "path"), [(n, 1, path) for path, n in ids.items()])
            columns = ("id", "repo_id", "sha", "author", "committed_at", "subject", "is_fix", "reverted", "files")
            for number, paths in enumerate(commits, 1):
                when = number * days * DAY
                connection.insert("code_commits", columns, [(number, 1, str(number), "A", when, "", 0, 0, len(paths))])
                touched = [(number, ids[path], 1, 0) for path in paths]
                connection.insert("code_commit_paths", ("commit_id", "path_id", "added", "removed"), touched)
            return connection

        yield remember


def ranked(found):
    return sorted(found.found, key=lambda path: -found.found[path].share)


def test_what_changed_together_more_often_comes_first(remember):
    connection = remember(["a", "b"], ["a", "b"], ["a", "c"], ["d", "c"])
    found = partners(connection, 1, ["a"])
    assert ranked(found) == ["b", "c"]
    assert found.found["b"].together == 2
    assert found.found["b"].share == pytest.approx(2 / 3, abs=0.01)


def test_small_and_young_commits_count_more(remember):
    connection = remember(["a", "large", *map(str, range(20))], ["a", "small"])
    assert ranked(partners(connection, 1, ["a"]))[0] == "small"


def test_old_commits_fade(remember):
    connection = remember(["a", "old"], ["a", "young"], days=1000)
    assert ranked(partners(connection, 1, ["a"])) == ["young", "old"]


def test_commits_near_to_the_seed_count_for_each_of_its_paths(remember):
    connection = remember(["a", "b", "both"], ["a", "one"], ["b", "other"])
    assert ranked(partners(connection, 1, ["a", "b"]))[0] == "both"


def test_very_large_commits_and_those_taken_back_say_nothing(remember):
    connection = remember(["a", *map(str, range(40))], ["a", "bad"])
    connection.run("UPDATE code_commits SET reverted = 1 WHERE id = 2")
    assert partners(connection, 1, ["a"]).found == {}


def test_no_history_is_no_partner(remember):
    assert partners(remember(), 1, ["a"]) == ({}, 0.0)


def test_what_changes_often_is_restless(remember):
    found = restless(remember(["a"], ["a"], ["b"]), 1)
    assert found["a"] == pytest.approx(2 * found["b"])
    assert 0.2 < found["a"] < 2 / 3


@pytest.mark.parametrize(
    ("path", "like"),
    [
        ("src/pkg/core.py", "tests/test_core.py"),
        ("pkg/parser.py", "tests/parser_test.py"),
        ("pkg/_compat.py", "tests/test_compat.py"),
        ("pkg/parser.py", "pkg/tests/test_parser_errors.py"),
        ("pkg/shop/__init__.py", "tests/test_shop.py"),
        ("pkg/option.py", "docs/options.rst"),
    ],
)
def test_names_that_go_together(path, like):
    assert [*named_like([path], [path, like, "pkg/unrelated.py"])] == [like]


def test_general_names_and_other_folders_say_less():
    found = named_like(["pkg/a/models.py"], ["pkg/a/test_models.py", "other/b/models.py"])
    assert found["pkg/a/test_models.py"] > found["other/b/models.py"]
    assert named_like(["a/utils.py"], ["b/utils.py"])["b/utils.py"] < 0.5


def test_with_little_history_names_decide_and_change_logs_come_last(remember, tmp_path):
    (tmp_path / "tests").mkdir()
    for path in ("CHANGES.md", "tests/test_core.py"):
        (tmp_path / path).touch()
    connection = remember(["pkg/core.py", "CHANGES.md"], ["pkg/core.py", "CHANGES.md"], ["tests/test_core.py"])
    connection.run("UPDATE code_repositories SET location = ?", (str(tmp_path),))
    found = [one.path for one in companions(connection, 1, {}, ["pkg/core.py"], {})]
    assert found[0] == "tests/test_core.py"
    assert found[-1] == "CHANGES.md"


def test_files_that_are_gone_are_not_named(remember, tmp_path):
    connection = remember(["a.py", "gone.py", "there.py"], ["a.py", "gone.py"])
    (tmp_path / "there.py").touch()
    connection.run("UPDATE code_repositories SET location = ?", (str(tmp_path),))
    assert [one.path for one in companions(connection, 1, {}, ["a.py"], {})] == ["there.py"]
