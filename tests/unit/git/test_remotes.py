"""Clones and fetches of real repositories, over the file protocol."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grace.delivery import BRANCHES
from grace.errors import InputError, TransientError
from grace.git import GitRepository, run_git
from grace.git.remotes import (
    OWN_BRANCHES,
    OWN_TRACKING,
    clone,
    fetch,
    is_url,
    normalised,
    origin,
    refuse_unspoken,
    without_credentials,
)

Make = Callable[..., GitRepository]


@pytest.fixture
def source(make_repository: Make) -> GitRepository:
    return make_repository({"a.py": "x = 1\n"}, name="source")


def branches(folder: Path) -> set[str]:
    listing = run_git(("for-each-ref", "--format=%(refname)"), cwd=folder).stdout.decode()
    return set(listing.split())


def commit(repository: GitRepository, name: str = "main") -> str:
    run_git(("checkout", "--quiet", "-B", name), cwd=repository.root)
    run_git(("commit", "--quiet", "--allow-empty", "--message=More"), cwd=repository.root)
    return repository.find(f"refs/heads/{name}") or ""


def test_a_clone_is_bare_and_knows_where_it_came_from(source: GitRepository, tmp_path: Path) -> None:
    url = source.root.as_uri()
    clone(url, tmp_path / "clones" / "source.git")
    made = GitRepository.open(tmp_path / "clones" / "source.git")
    assert made.bare
    assert made.resolve("HEAD") == source.resolve("HEAD")
    assert origin(made.root) == url
    assert [path.name for path in (tmp_path / "clones").iterdir()] == ["source.git"]


@pytest.mark.parametrize("url", ["file:///nowhere/at/all.git", "ssh://localhost:1/x.git", "https://localhost:1/x.git"])
def test_a_clone_that_fails_leaves_nothing(tmp_path: Path, url: str) -> None:
    with pytest.raises((InputError, TransientError)) as caught:
        clone(url, tmp_path / "clones" / "x.git")
    assert isinstance(caught.value, InputError if url.startswith("file") else TransientError)
    assert list((tmp_path / "clones").iterdir()) == []


def test_an_interrupted_clone_leaves_nothing(
    source: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(arguments: tuple[str, ...], **keywords: object) -> None:
        run_git(arguments, **keywords)  # type: ignore[arg-type]  # as they were given
        raise KeyboardInterrupt

    monkeypatch.setattr("grace.git.remotes.run_git", interrupted)
    with pytest.raises(KeyboardInterrupt):
        clone(source.root.as_uri(), tmp_path / "clones" / "source.git")
    assert list((tmp_path / "clones").iterdir()) == []


def test_an_own_clone_follows_its_remote_and_keeps_what_was_delivered(source: GitRepository, tmp_path: Path) -> None:
    folder = tmp_path / "source.git"
    commit(source, "feature")
    clone(source.root.as_uri(), folder)
    delivered = f"refs/heads/{BRANCHES}fix-bug/1"
    run_git(("update-ref", delivered, "refs/heads/main"), cwd=folder)
    run_git(("checkout", "--quiet", "main"), cwd=source.root)
    run_git(("branch", "-D", "feature"), cwd=source.root)
    rewritten = commit(source, "feature/one")
    run_git(("commit", "--quiet", "--amend", "--allow-empty", "--message=Other"), cwd=source.root)
    run_git(("update-ref", delivered, "HEAD"), cwd=source.root)
    fetch(folder, into=OWN_TRACKING, prune=True)
    assert branches(folder) == {"refs/heads/main", "refs/heads/feature/one", delivered}
    there = GitRepository.open(folder)
    assert there.find("feature/one") == source.find("HEAD") != rewritten
    assert there.find(delivered) == there.find("main")


def test_a_checkout_and_its_branches_stay_as_they_are(source: GitRepository, tmp_path: Path) -> None:
    run_git(("-c", "protocol.file.allow=always", "clone", "--quiet", source.root.as_uri(), "mine"), cwd=tmp_path)
    mine = GitRepository.open(tmp_path / "mine")
    before = mine.resolve("HEAD")
    pushed = commit(source)
    fetch(mine.root)
    assert mine.resolve("HEAD") == before
    assert mine.find("refs/remotes/origin/main") == pushed
    assert mine.uncommitted() == ()


def test_programs_that_the_settings_of_a_repository_name_are_not_started(source: GitRepository, tmp_path: Path) -> None:
    run_git(("-c", "protocol.file.allow=always", "clone", "--quiet", source.root.as_uri(), "mine"), cwd=tmp_path)
    mine, mark = tmp_path / "mine", tmp_path / "started"
    program = f"touch {mark}; false"
    for key in ("core.sshCommand", "core.askPass", "credential.helper", "remote.origin.uploadpack", "core.gitProxy"):
        run_git(("config", key, f"!{program}" if key == "credential.helper" else program), cwd=mine)
    hook = mine / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    commit(source)
    fetch(mine)
    for url in ("ssh://localhost:1/x", "https://localhost:1/x"):
        with pytest.raises(TransientError):
            fetch(mine, source=url)
    run_git(("config", "remote.origin.url", f"ext::sh -c '{program}'"), cwd=mine)
    with pytest.raises(InputError):
        fetch(mine)
    assert not mark.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://git.example/x",
        "git://git.example/x",
        "ext::sh -c true",
        "ftp://git.example/x",
        "https://ann:secret@git.example/x",
        "https://ghp_token@git.example/x",
        "ssh://ann:secret@git.example/x",
        "--upload-pack=touch x://y",
    ],
)
def test_urls_that_are_not_spoken_or_hold_a_secret_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        refuse_unspoken(url) or clone(url, tmp_path / "x.git")  # type: ignore[func-returns-value]  # either raises
    assert "secret@" not in str(caught.value)
    assert "ghp_token" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://git.example/x.git", "ssh://git@git.example:2222/x", "git@git.example:x/y.git", "file:///srv/x.git"]
)
def test_urls_that_are_spoken(url: str) -> None:
    assert is_url(url)
    refuse_unspoken(url)


def test_a_folder_is_no_url(tmp_path: Path) -> None:
    assert not is_url(str(tmp_path))
    assert not is_url(".")


def test_what_is_delivered_is_what_is_kept() -> None:
    assert f"refs/heads/{BRANCHES}" == OWN_BRANCHES


def test_credentials_are_taken_out() -> None:
    assert without_credentials("https://ann:s3c@ret@git.example/x") == "https://git.example/x"
    assert without_credentials("https://git.example/x@y") == "https://git.example/x@y"


@pytest.mark.parametrize("url", ["https://git.example:port/x", "https://[::1/x"])
def test_what_is_no_url_is_said(url: str) -> None:
    with pytest.raises(InputError):
        normalised(url)


def test_a_relative_origin_is_where_it_is(source: GitRepository) -> None:
    run_git(("config", "remote.origin.url", "../other"), cwd=source.root)
    assert normalised(origin(source.root)) == normalised(str(source.root.parent / "other"))
