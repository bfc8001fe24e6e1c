"""Which files a checkout has, and what changed in it."""

import os
from pathlib import Path

import pytest

from grace.errors import InputError
from grace.git import run_git
from grace.memory.source_tree import Known, Look, find_root, look, read
from tests.conftest import MakeRepository

OLD = 10**18
"""Nanoseconds: old enough to be trusted."""


def age(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if ".git" not in path.relative_to(root).parts:
            os.utime(path, ns=(OLD, OLD), follow_symlinks=False)


@pytest.fixture
def root(make_repository: MakeRepository) -> Path:
    files = {"a.py": "", "pkg/b.py": "", "pkg/c.txt": "", "web/d.ts": "", ".gitignore": "built/\n"}
    root = make_repository(files).root
    (root / "built").mkdir()
    (root / "built/e.py").touch()
    age(root)
    return root


def again(root: Path, before: Look) -> Look:
    return look(root, by_git=True, known=Known(before.files, before.watched))


def test_source_files_are_found_and_ignored_ones_left_out(root: Path) -> None:
    assert set(look(root, by_git=True).files) == {"a.py", "pkg/b.py", "web/d.ts"}


def test_untracked_files_belong_to_it(root: Path) -> None:
    (root / "new.py").touch()
    assert "new.py" in look(root, by_git=True).files


def test_links_are_no_files(root: Path) -> None:
    (root / "loop").symlink_to(root)
    (root / "link.py").symlink_to(root / "a.py")
    assert set(look(root, by_git=True).files) == {"a.py", "pkg/b.py", "web/d.ts"}
    assert read(root, "link.py") is None


def test_an_unchanged_checkout_has_no_changes(root: Path) -> None:
    now = again(root, look(root, by_git=True))
    assert (now.changed, now.removed) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("path", "changed"),
    [("a.py", {"a.py"}), ("pkg/new.py", {"pkg/new.py"}), ("deep/er/new.py", {"deep/er/new.py"}), ("pkg/x.txt", set())],
)
def test_what_is_written_is_seen(root: Path, path: str, changed: set[str]) -> None:
    before = look(root, by_git=True)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text("x = 1\n")
    assert again(root, before).changed == changed


def test_what_is_gone_is_seen(root: Path) -> None:
    before = look(root, by_git=True)
    (root / "pkg/b.py").unlink()
    assert again(root, before).removed == {"pkg/b.py"}


def test_a_renamed_file_is_gone_and_new(root: Path) -> None:
    before = look(root, by_git=True)
    (root / "a.py").rename(root / "z.py")
    now = again(root, before)
    assert (now.changed, now.removed) == ({"z.py"}, {"a.py"})


def test_a_file_in_a_folder_that_was_empty_is_seen(root: Path) -> None:
    (root / "empty").mkdir()
    age(root)
    before = look(root, by_git=True)
    (root / "empty/f.py").touch()
    assert again(root, before).changed == {"empty/f.py"}


@pytest.mark.parametrize("by_git", [True, False])
def test_a_file_in_empty_folders_within_each_other_is_seen(root: Path, by_git: bool) -> None:
    (root / "empty/deeper/yet").mkdir(parents=True)
    age(root)
    before = look(root, by_git=by_git)
    (root / "empty/deeper/yet/f.py").touch()
    now = look(root, by_git=by_git, known=Known(before.files, before.watched))
    assert now.changed == {"empty/deeper/yet/f.py"}


def test_what_lies_behind_a_folder_that_became_a_link_is_gone(root: Path, tmp_path: Path) -> None:
    before = look(root, by_git=True)
    (root / "pkg").rename(tmp_path / "elsewhere")
    (root / "pkg").symlink_to(tmp_path / "elsewhere")
    assert set(look(root, by_git=True).files) == {"a.py", "web/d.ts"}
    assert again(root, before).removed == {"pkg/b.py"}


def test_a_file_of_the_same_size_and_time_is_another_by_its_inode(root: Path) -> None:
    before = look(root, by_git=True)
    (root / "other").touch()
    age(root)
    (root / "other").rename(root / "a.py")
    assert again(root, before).changed == {"a.py"}


def test_a_folder_moved_here_is_seen(root: Path, tmp_path: Path) -> None:
    (tmp_path / "m/n").mkdir(parents=True)
    (tmp_path / "m/n/x.py").touch()
    before = look(root, by_git=True)
    (tmp_path / "m").rename(root / "m")
    assert again(root, before).changed == {"m/n/x.py"}


def test_a_folder_in_the_place_of_a_file_is_seen(root: Path) -> None:
    before = look(root, by_git=True)
    (root / "a.py").unlink()
    (root / "a.py").mkdir()
    (root / "a.py/z.py").touch()
    now = again(root, before)
    assert (now.changed, now.removed) == ({"a.py/z.py"}, {"a.py"})


def test_what_is_ignored_no_longer_is_seen(root: Path) -> None:
    before = look(root, by_git=True)
    (root / ".gitignore").write_text("")
    assert again(root, before).changed == {"built/e.py"}


def test_a_new_list_of_what_is_ignored_is_heeded(root: Path) -> None:
    (root / "pkg/new.py").touch()
    age(root)
    before = look(root, by_git=True)
    (root / "pkg/.gitignore").write_text("new.py\n")
    assert again(root, before).removed == {"pkg/new.py"}


def test_names_may_have_quotes_and_line_breaks(root: Path) -> None:
    name = "a\nb '\"\N{LATIN SMALL LETTER E WITH ACUTE}.py"
    (root / name).touch()
    assert name in look(root, by_git=True).files


def test_a_change_of_what_is_ignored_is_heeded(root: Path) -> None:
    before = look(root, by_git=True)
    (root / ".gitignore").write_text("pkg/\nbuilt/\n")
    run_git(("rm", "-q", "--cached", "-r", "pkg"), cwd=root)
    assert again(root, before).removed == {"pkg/b.py"}


def test_a_change_within_the_same_tick_of_the_clock_is_not_missed(root: Path) -> None:
    """As young as the look itself, a file may change again without getting another time."""
    before = look(root, by_git=True)
    (root / "a.py").write_text("x = 1\n")
    seen = again(root, before)
    from grace.memory.source_tree import trusted

    stat = trusted(seen.files["a.py"], seen.files["a.py"].mtime_ns)
    assert again(root, seen._replace(files={**seen.files, "a.py": stat})).changed == {"a.py"}


def test_a_name_that_is_not_utf8_is_left_out(root: Path) -> None:
    (Path(os.fsdecode(os.fsencode(root) + b"/\xff.py"))).touch()
    assert set(look(root, by_git=True).files) == {"a.py", "pkg/b.py", "web/d.ts"}


def test_a_stub_beside_its_module_is_left_out(root: Path) -> None:
    (root / "a.pyi").touch()
    (root / "only.pyi").touch()
    assert {"a.py", "only.pyi"} <= set(look(root, by_git=True).files)
    assert "a.pyi" not in look(root, by_git=True).files


def test_the_root_is_the_top_level_of_the_repository(root: Path) -> None:
    assert find_root(root / "pkg") == (root, True)


def test_an_ignored_folder_is_a_code_base_of_its_own(root: Path) -> None:
    assert find_root(root / "built") == (root / "built", False)


def test_a_folder_without_git_is_walked(tmp_path: Path) -> None:
    (tmp_path / "plain/node_modules/x").mkdir(parents=True)
    (tmp_path / "plain/node_modules/x/i.js").touch()
    (tmp_path / "plain/a.py").touch()
    assert find_root(tmp_path / "plain") == (tmp_path / "plain", False)
    assert set(look(tmp_path / "plain", by_git=False).files) == {"a.py"}


def test_a_file_is_no_repository(root: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        find_root(root / "a.py")
