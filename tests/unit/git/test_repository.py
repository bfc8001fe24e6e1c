import hashlib
import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from grace.contracts import FileEdit
from grace.errors import EnvironmentLacking, GraceError, InputError, IntegrityError, TransientError
from grace.git import GitRepository, run_git
from grace.git.command import _failure
from grace.ports import VersionControl

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def edit(repository: GitRepository, path: str, after: bytes | None, base: str = "HEAD") -> FileEdit:
    before = repository.read(base, path)
    return FileEdit(path=path, before_hash=None if before is None else sha(before), after=after)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def state(repository: GitRepository) -> dict[str, bytes]:
    """Every byte of the checkout and of git's own folder."""
    return {str(p.relative_to(repository.root)): p.read_bytes() for p in repository.root.rglob("*") if p.is_file()}


# ── opening ──────────────────────────────────────────────────────────────────────────────────────


def test_opens_from_a_folder_inside(make_repository):
    repository = make_repository({"src/a.py": "x = 1\n"})
    assert GitRepository.open(repository.root / "src").root == repository.root


def test_is_version_control(make_repository):
    version_control: VersionControl = make_repository({"a": "b"})
    assert version_control.files("HEAD") == ("a",)


@pytest.mark.parametrize("name", ["nowhere", "plain", "file", "loop", "nul\0", "x" * 300, "line\nbreak"])
def test_what_is_no_repository_is_the_users_to_mend(tmp_path, name):
    (tmp_path / "plain").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "line\nbreak").mkdir()
    run_git(("init", "--quiet"), cwd=tmp_path / "line\nbreak")
    with pytest.raises(InputError):
        GitRepository.open(tmp_path / name)


def test_a_repository_without_commits_says_so(tmp_path):
    run_git(("init", "--quiet"), cwd=tmp_path)
    with pytest.raises(InputError, match="no commits"):
        GitRepository.open(tmp_path)


def test_gits_own_folder_is_refused(make_repository):
    with pytest.raises(InputError, match="git's own folder"):
        GitRepository.open(make_repository({"a": "b"}).root / ".git")


def test_missing_git_is_said(monkeypatch, tmp_path):
    from grace.git import command

    command._executable.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentLacking, match="install git"):
        GitRepository.open(tmp_path)
    command._executable.cache_clear()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give a repository away")
def test_a_repository_of_another_owner_opens_and_checks_out(make_repository):
    repository = make_repository({"a.py": "x = 1\n"})
    for path in (repository.root, *repository.root.rglob("*")):
        os.chown(path, 12345, 12345)
    again = GitRepository.open(repository.root)
    with again.checkout("HEAD") as tree:
        assert (tree / "a.py").read_text() == "x = 1\n"


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def test_reads_many_files_and_leaves_out_what_is_not_there(make_repository):
    contents = {"a": b"", "b/ü x.py": b"1\r\n2", "c": bytes(range(256)), "d": b"no newline"}
    repository = make_repository(contents)
    assert repository.read_many("HEAD", ["a", "nope", "b/ü x.py", "c", "d"]) == contents
    assert repository.read("HEAD", "nope") is None


def test_links_and_submodules_are_not_files(make_repository):
    repository = make_repository({"a.py": "x = 1\n"})
    (repository.root / "link").symlink_to("a.py")
    base = repository.snapshot()
    assert repository.files(base) == ("a.py",)
    assert repository.read(base, "link") is None


def test_names_that_are_not_utf8_are_read_but_not_edited(make_repository):
    repository = make_repository({"a.py": "x = 1\n"})
    (repository.root / os.fsdecode(b"caf\xe9.py")).write_text("y = 1\n")
    (repository.root / os.fsdecode(b"l\xe9")).symlink_to("/")
    assert repository.uncommitted() == (r"caf\xe9.py", r"l\xe9")
    base = repository.snapshot()
    assert repository.files(base) == ("a.py", r"caf\xe9.py")
    assert repository.read(base, r"caf\xe9.py") == b"y = 1\n"
    with pytest.raises(IntegrityError, match="UTF-8"):
        repository.patch(base, [edit(repository, r"caf\xe9.py", b"", base)])
    with repository.checkout(base, patch=repository.patch(base, [edit(repository, "a.py", b"", base)])) as tree:
        assert {path.name for path in tree.iterdir()} == {".git", "a.py", os.fsdecode(b"caf\xe9.py")}


def test_submodules_are_left_alone(make_repository):
    repository = make_repository({"a.py": "x = 1\n"})
    inner = make_repository({"b.py": "y = 1\n"}, name="inner")
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub")
    run_git(add, cwd=repository.root)
    run_git(("commit", "--quiet", "--message=sub"), cwd=repository.root)
    (repository.root / "sub/b.py").write_text("changed\n")
    assert repository.uncommitted() == ()
    assert repository.files("HEAD") == (".gitmodules", "a.py")
    patch = repository.patch("HEAD", [edit(repository, "a.py", b"x = 2\n")])
    with repository.checkout("HEAD", patch=patch) as tree:
        assert not list((tree / "sub").iterdir())
    repository.apply(patch)
    assert (repository.root / "a.py").read_text() == "x = 2\n"
    with pytest.raises(IntegrityError, match="not a folder"):
        repository.patch("HEAD", [FileEdit(path="sub/b.py", after=b"")])


def test_a_shallow_clone_works(make_repository, tmp_path):
    source = make_repository({"a.py": "x = 1\n"})
    run_git(("commit", "--quiet", "--allow-empty", "--message=more"), cwd=source.root)
    clone = ("clone", "--quiet", "--depth=1", f"file://{source.root}", "shallow")
    run_git(("-c", "protocol.file.allow=always", *clone), cwd=tmp_path)
    shallow = GitRepository.open(tmp_path / "shallow", workspaces=tmp_path / "w")
    change = [edit(shallow, "a.py", b"x = 2\n")]
    with shallow.checkout("HEAD", patch=shallow.patch("HEAD", change)) as tree:
        assert (tree / "a.py").read_bytes() == b"x = 2\n"
    assert shallow.create_branch("grace/x", shallow.commit("HEAD", change, "m", "A <a@b>", WHEN))


def test_a_sparse_checkout_is_not_mistaken_for_deletions(make_repository):
    repository = make_repository({"in/a": "1", "out/b": "2"})
    run_git(("sparse-checkout", "set", "in"), cwd=repository.root)
    assert not (repository.root / "out").exists()
    assert repository.uncommitted() == ()
    (repository.root / "in/a").write_text("9")
    assert repository.files(repository.snapshot()) == ("in/a", "out/b")
    with repository.checkout("HEAD") as tree:
        assert (tree / "out/b").read_text() == "2"


@pytest.mark.parametrize("revision", ["nope", "--help", "HEAD^{tree}", "", "a\0b", "HEAD..HEAD", "0" * 40])
def test_unknown_revisions_are_input_errors(make_repository, revision):
    with pytest.raises(InputError):
        make_repository({"a": "b"}).resolve(revision)


def test_uncommitted_names_changed_deleted_staged_and_untracked(make_repository):
    repository = make_repository({"a": "1", "b": "2", "c": "3", ".gitignore": "*.log\n"})
    (repository.root / "a").write_text("9")
    (repository.root / "b").unlink()
    (repository.root / 'new "ü').write_text("")
    (repository.root / "x.log").write_text("")
    assert sorted(repository.uncommitted()) == ["a", "b", 'new "ü']


# ── snapshot ─────────────────────────────────────────────────────────────────────────────────────


def test_a_snapshot_holds_everything_uncommitted_and_touches_nothing(make_repository):
    repository = make_repository({"a": "1", "b": "2"})
    (repository.root / "a").write_text("9")
    (repository.root / "b").unlink()
    (repository.root / "new").write_text("n")
    index = (repository.root / ".git/index").read_bytes()
    first = repository.snapshot()
    assert repository.read_many(first, ["a", "b", "new"]) == {"a": b"9", "new": b"n"}
    assert repository.snapshot() == first
    assert (repository.root / ".git/index").read_bytes() == index
    assert repository.resolve(f"{first}^") == repository.resolve("HEAD")


def test_a_snapshot_sees_a_change_in_the_same_tick_of_the_clock(make_repository):
    repository = make_repository({"a": "1", "b": "1"})
    run_git(("config", "core.trustctime", "false"), cwd=repository.root)
    (repository.root / "b").write_text("2")
    stamp = (repository.root / ".git/index").stat().st_mtime_ns - 60 * 10**9
    for path in (repository.root / "a", repository.root / ".git/index"):
        os.utime(path, ns=(stamp, stamp))
    run_git(("add", "a"), cwd=repository.root)
    os.utime(repository.root / ".git/index", ns=(stamp, stamp))
    (repository.root / "a").write_text("9")
    os.utime(repository.root / "a", ns=(stamp, stamp))
    assert repository.read(repository.snapshot(), "a") == b"9"


def test_a_snapshot_of_a_clean_checkout_is_head(make_repository):
    repository = make_repository({"a": "1"})
    assert repository.snapshot() == repository.resolve("HEAD")


# ── checkout ─────────────────────────────────────────────────────────────────────────────────────


def test_a_checkout_holds_the_committed_bytes_and_is_gone_afterwards(make_repository):
    files = {"a.txt": b"1\n", "b.txt": b"1\r\n", ".gitattributes": b"* text eol=crlf\n"}
    repository = make_repository({"a.txt": b"1\n", "b.txt": b"1\r\n"})
    (repository.root / ".gitattributes").write_bytes(files[".gitattributes"])
    run_git(("add", ".gitattributes"), cwd=repository.root)
    run_git(("commit", "-qm", "crlf"), cwd=repository.root)
    with repository.checkout("HEAD") as tree:
        assert {name: (tree / name).read_bytes() for name in files} == files
        assert run_git(("rev-parse", "HEAD"), cwd=tree).stdout.decode().strip() == repository.resolve("HEAD")
        assert not run_git(("status", "--porcelain"), cwd=tree).stdout
    assert not tree.exists()
    assert not list(tree.parent.parent.iterdir())


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_a_checkout_is_removed_whatever_happens_inside(make_repository, stop):
    repository = make_repository({"d/a": "1"})
    with pytest.raises(stop), repository.checkout("HEAD") as tree:
        (tree / "d").chmod(0o500)
        (tree / "link").symlink_to("/")
        raise stop
    assert not tree.parent.exists()
    assert Path("/").exists()


def test_a_checkout_leaves_the_repository_untouched(make_repository):
    repository = make_repository({"a": "1"})
    before = state(repository)
    patch = repository.patch("HEAD", [edit(repository, "a", b"2"), edit(repository, "n", b"3")])
    with repository.checkout("HEAD", patch=patch) as tree:
        assert (tree / "a").read_bytes() == b"2"
        (tree / "a").write_bytes(b"4")
    assert state(repository) == before


def test_links_leading_out_are_left_out_of_a_checkout(make_repository, tmp_path, caplog):
    (tmp_path / "secret").write_text("s")
    repository = make_repository({"a/x": "1"})
    (repository.root / "inside").symlink_to("a/x")
    (repository.root / "out").symlink_to("../../secret")
    (repository.root / "absolute").symlink_to(tmp_path)
    (repository.root / "hop").symlink_to("absolute/secret")
    (repository.root / "loop").symlink_to("loop")
    with repository.checkout(repository.snapshot()) as tree:
        assert sorted(p.name for p in tree.iterdir()) == [".git", "a", "inside", "loop"]
    assert "out" in caplog.text


def test_a_patch_that_does_not_fit_is_an_integrity_error(make_repository):
    repository = make_repository({"a": "1\n"})
    patch = repository.patch("HEAD", [edit(repository, "a", b"2\n")])
    with pytest.raises(IntegrityError, match="does not apply"):  # noqa: SIM117 - what is entered raises
        with repository.checkout("HEAD", patch=patch + patch.replace("a/a", "a/zz").replace("b/a", "b/zz")):
            pytest.fail("entered")


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_a_patch_that_makes_a_link_is_refused(make_repository, mode):
    patch = f"diff --git a/l b/l\nnew file mode {mode}\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n"
    repository = make_repository({"a": "1\n"})
    with pytest.raises(IntegrityError, match="link"):  # noqa: SIM117 - what is entered raises
        with repository.checkout("HEAD", patch=patch):
            pytest.fail("entered")


# ── patches ──────────────────────────────────────────────────────────────────────────────────────


def test_a_patch_is_readable_and_writes_nothing(make_repository):
    repository = make_repository({"a.py": "def f():\n    return 1\n"})
    before = state(repository)
    text = repository.patch("HEAD", [edit(repository, "a.py", b"def f():\n    return 2\n")])
    assert text.startswith("diff --git a/a.py b/a.py\n")
    assert "\n-    return 1\n+    return 2\n" in text
    assert state(repository) == before


def test_a_patch_ignores_the_repositorys_own_settings(make_repository):
    repository = make_repository({"a.py": "x = 1\n"})
    change = [edit(repository, "a.py", b"x = 2\n")]
    plain = repository.patch("HEAD", change)
    for key, value in {"diff.noprefix": "true", "diff.external": "false", "color.ui": "always"}.items():
        run_git(("config", key, value), cwd=repository.root)
    (repository.root / ".git/info").mkdir(exist_ok=True)
    (repository.root / ".git/info/attributes").write_text("* binary\n")
    assert repository.patch("HEAD", change) == plain


def test_no_edits_make_an_empty_patch(make_repository):
    repository = make_repository({"a.py": "x = 1\n"})
    assert repository.patch("HEAD", []) == ""
    assert repository.patch("HEAD", [edit(repository, "a.py", b"x = 1\n")]) == ""


@pytest.mark.parametrize(
    "path",
    [
        "/etc/x",
        "../x",
        "a/../x",
        "a//b",
        "./x",
        "a/",
        "",
        "x\0y",
        ".git/config",
        "d/.GIT/x",
        "link",
        "link/x",
        "d",
        "d/f/x",
    ],
)
def test_edits_that_could_leave_the_repository_are_refused(make_repository, path):
    repository = make_repository({"d/f": "1"})
    (repository.root / "link").symlink_to("d")
    base = repository.snapshot()
    escape = FileEdit(path=path, after=b"x")
    with pytest.raises(IntegrityError, match="Refusing"):
        repository.patch(base, [escape])
    with pytest.raises(IntegrityError, match="Refusing"):
        repository.commit(base, [escape], "m", "A <a@b>", WHEN)


def test_edits_made_for_other_content_are_refused(make_repository):
    repository = make_repository({"a": "1"})
    for stale in (
        FileEdit(path="a", before_hash=sha(b"0"), after=b"2"),
        FileEdit(path="a", after=b"2"),
        FileEdit(path="n", before_hash=sha(b"0"), after=b"2"),
        FileEdit(path="n"),
    ):
        with pytest.raises(IntegrityError):
            repository.patch("HEAD", [stale])


def test_edits_that_contradict_each_other_are_refused(make_repository):
    repository = make_repository({"a": "1"})
    for paths in (("n", "n"), ("n", "n/x")):
        with pytest.raises(IntegrityError):
            repository.patch("HEAD", [FileEdit(path=path, after=b"") for path in paths])


# ── commits and branches ─────────────────────────────────────────────────────────────────────────


def test_the_same_commit_has_the_same_id_and_is_on_no_branch(make_repository):
    repository = make_repository({"a": "1", "run.sh": "#!/bin/sh\n"})
    (repository.root / "run.sh").chmod(0o755)
    base = repository.snapshot()
    changes = [edit(repository, "run.sh", b"exit\n", base), edit(repository, "a", None, base)]
    arguments = (base, changes, "Subject\n\nBody\n", "Ann <ann@b.c>", WHEN)
    commit = repository.commit(*arguments)
    assert repository.commit(*arguments) == commit
    raw = run_git(("cat-file", "commit", commit), cwd=repository.root).stdout.decode()
    assert f"parent {base}\nauthor Ann <ann@b.c> 1767323045 +0000\ncommitter Ann <ann@b.c> 1767323045 +0000" in raw
    listing = run_git(("ls-tree", commit), cwd=repository.root).stdout.decode()
    assert listing.startswith("100755 blob")
    assert len(listing.splitlines()) == 1
    assert not run_git(("branch", "--contains", commit), cwd=repository.root).stdout


def test_a_commit_is_the_same_wherever_the_clock_stood(make_repository):
    repository = make_repository({"a": "1"})
    changes = [edit(repository, "a", b"2")]
    odd = WHEN.astimezone(timezone(timedelta(hours=5, minutes=53, seconds=28)))
    ids = {repository.commit("HEAD", changes, "m", "A <a@b>", when) for when in (WHEN, odd)}
    assert len(ids) == 1


def test_committing_leaves_checkout_and_index_alone(make_repository):
    repository = make_repository({"a": "1"})
    index = (repository.root / ".git/index").read_bytes()
    repository.commit("HEAD", [edit(repository, "a", b"2")], "m", "A <a@b>", WHEN)
    assert (repository.root / "a").read_text() == "1"
    assert (repository.root / ".git/index").read_bytes() == index


def test_hooks_and_signing_do_not_run(make_repository, tmp_path):
    repository = make_repository({"a": "1"})
    hooks = repository.root / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    run_git(("config", "commit.gpgSign", "true"), cwd=repository.root)
    run_git(("config", "filter.evil.clean", f"touch {tmp_path}/ran; cat"), cwd=repository.root)
    run_git(("config", "filter.evil.smudge", f"touch {tmp_path}/ran; cat"), cwd=repository.root)
    run_git(("config", "core.fsmonitor", f"touch {tmp_path}/ran"), cwd=repository.root)
    (repository.root / ".gitattributes").write_text("* filter=evil\n")
    repository = GitRepository.open(repository.root)
    base = repository.snapshot()
    commit = repository.commit(base, [edit(repository, "a", b"2", base)], "m", "A <a@b>", WHEN)
    repository.create_branch("grace/x", commit)
    with repository.checkout(base):
        pass
    run_git(("config", "--unset", "commit.gpgSign"), cwd=repository.root)
    run_git(("-c", "filter.evil.clean=", "add", "--all"), cwd=repository.root)
    run_git(("-c", "filter.evil.clean=", "commit", "-qm", "all"), cwd=repository.root)
    repository.apply(repository.patch("HEAD", [edit(repository, "a", b"3")]))
    assert not (tmp_path / "ran").exists()


def test_a_branch_is_made_once_and_never_moved(make_repository):
    repository = make_repository({"a": "1"})
    base = repository.resolve("HEAD")
    other = repository.commit(base, [edit(repository, "a", b"2")], "m", "A <a@b>", WHEN)
    assert repository.create_branch("grace/fix-bug/1", base) is True
    assert repository.create_branch("grace/fix-bug/1", base) is False
    with pytest.raises(IntegrityError, match="git branch -D"):
        repository.create_branch("grace/fix-bug/1", other)
    assert repository.resolve("grace/fix-bug/1") == base


def test_of_many_at_once_one_makes_the_branch(make_repository):
    repository = make_repository({"a": "1"})
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: repository.create_branch("grace/x", "HEAD"), range(16)))
    assert made.count(True) == 1


@pytest.mark.parametrize("name", ["a..b", "-x ", "a b", "x.lock", "", "a~1"])
def test_what_cannot_name_a_branch_is_an_input_error(make_repository, name):
    repository = make_repository({"a": "1"})
    with pytest.raises(InputError):
        repository.create_branch(name, "HEAD")


def test_a_branch_in_the_way_of_the_name_is_explained(make_repository):
    repository = make_repository({"a": "1"})
    repository.create_branch("grace", "HEAD")
    with pytest.raises(InputError, match="rename"):
        repository.create_branch("grace/fix-bug/1", "HEAD")


def test_a_held_lock_is_transient(make_repository):
    repository = make_repository({"a": "1"})
    (repository.root / ".git/refs/heads/grace").mkdir()
    (repository.root / ".git/refs/heads/grace/x.lock").write_text("")
    with pytest.raises(TransientError, match="lock"):
        repository.create_branch("grace/x", "HEAD")


# ── applying ─────────────────────────────────────────────────────────────────────────────────────


def test_applies_to_the_working_tree_only(make_repository):
    repository = make_repository({"a": "1\n", "b": "2\n"})
    patch = repository.patch(
        "HEAD", [edit(repository, "a", b"9\n"), edit(repository, "b", None), edit(repository, "n/x", b"n")]
    )
    (repository.root / "untracked").write_text("u")
    repository.apply(patch)
    assert sorted(repository.uncommitted()) == ["a", "b", "n/x", "untracked"]
    assert (repository.root / "a").read_text() == "9\n"
    assert not run_git(("diff", "--cached", "--name-only"), cwd=repository.root).stdout


def test_a_dirty_checkout_is_not_applied_to(make_repository):
    repository = make_repository({"a": "1\n", "b": "2\n"})
    patch = repository.patch("HEAD", [edit(repository, "a", b"9\n")])
    (repository.root / "b").write_text("mine")
    with pytest.raises(InputError, match="not clean"):
        repository.apply(patch)
    assert (repository.root / "a").read_text() == "1\n"


def test_applying_is_all_or_nothing(make_repository):
    repository = make_repository({"a": "1\n"})
    patch = repository.patch("HEAD", [edit(repository, "a", b"9\n"), edit(repository, "n", b"n")])
    (repository.root / "n").write_text("mine")
    with pytest.raises(InputError, match="does not apply"):
        repository.apply(patch)
    assert (repository.root / "a").read_text() == "1\n"
    assert (repository.root / "n").read_text() == "mine"


@pytest.mark.parametrize("patch", ["", "nonsense\n", "diff --git a/x b/x\n"])
def test_what_is_no_patch_is_an_input_error(make_repository, patch):
    with pytest.raises(InputError, match="does not apply"):
        make_repository({"a": "1\n"}).apply(patch)


def test_a_write_that_fails_half_way_is_undone(make_repository, monkeypatch):
    repository = make_repository({"a": "1\n", "b": "2\n"})
    patch = repository.patch(
        "HEAD", [edit(repository, "a", b"9\n"), edit(repository, "b", None), edit(repository, "n", b"n")]
    )
    from grace.git import repository as module

    real = module.apply_patch

    def interrupted(*arguments, **options):
        real(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "apply_patch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        repository.apply(patch)
    assert repository.uncommitted() == ()


def test_crlf_checkouts_take_patches_made_from_committed_bytes(make_repository):
    repository = make_repository({"a": "1\n2\n"})
    run_git(("config", "core.autocrlf", "true"), cwd=repository.root)
    (repository.root / "a").unlink()
    run_git(("checkout", "--", "a"), cwd=repository.root)
    assert (repository.root / "a").read_bytes() == b"1\r\n2\r\n"
    repository.apply(repository.patch("HEAD", [edit(repository, "a", b"1\n3\n")]))
    assert (repository.root / "a").read_bytes() == b"1\r\n3\r\n"


# ── odd repositories ─────────────────────────────────────────────────────────────────────────────


def test_a_bare_repository_is_worked_for_but_not_applied_to(make_repository, tmp_path):
    run_git(
        ("clone", "-q", "--bare", str(make_repository({"a": "1\n"}).root), "b.git"),
        cwd=tmp_path,
        environment={"GIT_ALLOW_PROTOCOL": "file"},
    )
    bare = GitRepository.open(tmp_path / "b.git", workspaces=tmp_path / "w")
    change = [edit(bare, "a", b"2\n")]
    assert bare.bare
    assert bare.uncommitted() == ()
    assert bare.snapshot() == bare.resolve("HEAD")
    with bare.checkout("HEAD", patch=bare.patch("HEAD", change)) as tree:
        assert (tree / "a").read_text() == "2\n"
    assert bare.create_branch("grace/x", bare.commit("HEAD", change, "m", "A <a@b>", WHEN))
    with pytest.raises(InputError, match="bare"):
        bare.apply(bare.patch("HEAD", change))


def test_a_linked_worktree_and_sha256_work(tmp_path):
    root = tmp_path / "r"
    root.mkdir()
    run_git(("init", "-q", "--object-format=sha256"), cwd=root)
    (root / "a").write_text("1\n")
    run_git(("add", "a"), cwd=root)
    run_git(("commit", "-qm", "s"), cwd=root)
    run_git(("worktree", "add", "-q", "-b", "other", str(tmp_path / "linked")), cwd=root)
    linked = GitRepository.open(tmp_path / "linked", workspaces=tmp_path / "w")
    change = [edit(linked, "a", b"\xff\n")]
    commit = linked.commit("HEAD", change, "m", "A <a@b>", WHEN)
    with linked.checkout("HEAD", patch=linked.patch("HEAD", change)) as tree:
        assert (tree / "a").read_bytes() == b"\xff\n" == linked.read(commit, "a")
    assert linked.create_branch("grace/x", commit)


def test_a_read_only_repository_is_the_users_to_mend(make_repository):
    repository = make_repository({"a": "1\n"})
    objects = repository.root / ".git/objects"
    for path in (objects, *objects.glob("??")):
        path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        if os.access(objects, os.W_OK):
            pytest.skip("permissions do not bind this user")
        with pytest.raises(InputError, match="permission"):
            repository.commit("HEAD", [edit(repository, "a", b"2")], "m", "A <a@b>", WHEN)
    finally:
        for path in (objects, *objects.glob("??")):
            path.chmod(0o755)


def test_a_full_disk_is_said_before_anything_is_written(make_repository, monkeypatch):
    repository = make_repository({"a": "1\n"})
    before = state(repository)
    usage = shutil.disk_usage(repository.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2**19))
    with pytest.raises(EnvironmentLacking, match="No space left"):
        repository.commit("HEAD", [edit(repository, "a", b"2")], "m", "A <a@b>", WHEN)
    assert state(repository) == before


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("fatal: Unable to create '/r/.git/index.lock': File exists.", TransientError),
        ("error: unable to write file x: No space left on device", EnvironmentLacking),
        ("error: insufficient permission for adding an object to repository database", InputError),
        ("fatal: cannot write: Read-only file system", InputError),
        ("fatal: bad object", GraceError),
    ],
)
def test_what_git_says_decides_who_acts_next(tmp_path, said, kind):
    assert type(_failure(("-c", "x=y", "apply"), tmp_path, said)) is kind
    assert "git apply failed" in str(_failure(("-c", "x=y", "apply"), tmp_path, said))


def test_a_command_that_hangs_is_transient(tmp_path):
    with pytest.raises(TransientError, match="longer"):
        run_git(("-c", "alias.z=!sleep 5", "z"), cwd=tmp_path, timeout=0.05)


def test_what_a_checkout_lacks_is_said(make_repository) -> None:
    repository = make_repository({"a.txt": "a", "folder/b.txt": "b"})
    root = repository.root
    for name, target in {
        "inside": "a.txt",
        "folder/up": "../a.txt",
        "folder/out": "../../a.txt",
        "absolute": "/etc",
    }.items():
        (root / name).symlink_to(target)
    run_git(("add", "--all"), cwd=root)
    commit = repository.resolve("HEAD")
    run_git(("update-index", "--add", "--cacheinfo", f"160000,{commit},vendored"), cwd=root)
    run_git(("commit", "--quiet", "--message=Links"), cwd=root)
    assert repository.left_out(commit) == ()
    assert sorted(repository.left_out(repository.resolve("HEAD"))) == [
        "The link absolute leads out of the repository: it is left out.",
        "The link folder/out leads out of the repository: it is left out.",
        "The submodule vendored is not populated.",
    ]
