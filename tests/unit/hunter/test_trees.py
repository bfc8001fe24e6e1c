import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grace.contracts import FileEdit
from grace.errors import InputError
from grace.git import GitRepository, run_git
from grace.hunter.tree import Tree, blob_id
from grace.hunter.trees import checkout_tree, edited_tree, folder_tree, revision_tree, within, without

FILES = {"a.py": "a\n", "src/b.py": "b\n", "src/deep/c.py": "c\n", "docs/d.md": "d\n"}
MakeRepository = Callable[..., GitRepository]


def contents(tree: Tree) -> dict[str, bytes]:
    return dict(tree.read_many(list(tree.keys)))


def test_a_revision_has_its_files_by_blob_id(make_repository: MakeRepository) -> None:
    tree = revision_tree(make_repository(FILES), "HEAD")
    assert tree.keys == {path: blob_id(content.encode()) for path, content in FILES.items()}
    assert contents(tree)["src/b.py"] == b"b\n"
    with pytest.raises(InputError):
        revision_tree(make_repository(FILES, "other"), "nowhere")


def test_edits_lie_on_top_of_a_tree() -> None:
    base = Tree.of({"a": b"1", "b": b"2", "c": b"3"})
    edits = [
        FileEdit(path="a", before_hash=hashlib.sha256(b"1").hexdigest(), after=b"new"),
        FileEdit(path="b", before_hash=hashlib.sha256(b"2").hexdigest(), after=None),
        FileEdit(path="d", after=b"4"),
    ]
    head = edited_tree(base, edits)
    assert contents(head) == {"a": b"new", "c": b"3", "d": b"4"}
    assert head.keys == Tree.of(contents(head)).keys


def test_a_checkout_has_what_is_on_disk_but_for_ignored_files(make_repository: MakeRepository) -> None:
    root = make_repository({**FILES, ".gitignore": "*.log\n"}).root
    (root / "a.py").write_text("changed\n")
    (root / "src/b.py").unlink()
    (root / "new.py").write_text("new\n")
    (root / "x.log").write_text("ignored\n")
    tree = checkout_tree(root)
    found = contents(tree)
    assert set(found) == {"a.py", "new.py", "src/deep/c.py", "docs/d.md", ".gitignore"}
    assert found["a.py"] == b"changed\n"
    assert tree.keys == Tree.of(found).keys


def test_an_unchanged_file_is_not_read_to_know_its_id(make_repository: MakeRepository) -> None:
    root = make_repository(FILES).root
    index = run_git(("ls-files", "--stage", "a.py"), cwd=root).stdout.decode().split()[1]
    os.utime(root / "a.py", (1, 1))
    run_git(("update-index", "--refresh"), cwd=root)
    (root / "a.py").chmod(0)
    assert checkout_tree(root).keys["a.py"] == index


def test_what_git_converts_is_known_by_its_bytes(make_repository: MakeRepository) -> None:
    root = make_repository({**FILES, ".gitattributes": "*.py filter=lfs\n"}).root
    assert checkout_tree(root).keys["a.py"] == blob_id(b"a\n")


def test_links_and_what_they_lead_to_are_left_out(tmp_path: Path, make_repository: MakeRepository) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a.py").write_text("a\n")
    (tmp_path / "folder/loop").symlink_to(".")
    (tmp_path / "folder/passwd").symlink_to("/etc/passwd")
    (tmp_path / "folder/lost").symlink_to("nowhere")
    assert set(folder_tree(tmp_path / "folder").keys) == {"a.py"}
    root = make_repository(FILES).root
    (root / "loop").symlink_to(".")
    (root / "link.py").symlink_to("a.py")
    assert set(checkout_tree(root).keys) == set(FILES)


def test_a_folder_outside_of_git_is_walked_without_what_is_installed_there(tmp_path: Path) -> None:
    for name in ("a.py", "node_modules/b.js", ".venv/c.py", "__pycache__/d.pyc", "sub/e.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    os.mkfifo(tmp_path / "pipe.py")
    assert set(folder_tree(tmp_path).keys) == {"a.py", "sub/e.py"}


def test_names_that_are_not_utf8_are_read(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.py")).write_text("x = 1\n")
    assert contents(folder_tree(tmp_path)) == {"\\xff.py": b"x = 1\n"}


def test_what_vanishes_between_is_left_out_of_the_answer_and_not_of_the_tree(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    tree = folder_tree(tmp_path)
    (tmp_path / "a.py").unlink()
    (tmp_path / "a.py").symlink_to("/etc/passwd")
    assert contents(tree) == {}
    assert set(tree.keys) == {"a.py"}


def test_a_part_of_a_tree() -> None:
    tree = Tree.of({path: content.encode() for path, content in FILES.items()})
    assert set(within(tree, "src").keys) == {"src/b.py", "src/deep/c.py"}
    assert set(within(tree, "a.py").keys) == {"a.py"}
    assert set(without(tree, ["a.py"]).keys) == set(FILES) - {"a.py"}
