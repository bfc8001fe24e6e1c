from collections.abc import Callable
from pathlib import Path

import pytest

from grace.errors import InputError
from grace.git import GitRepository, run_git
from grace.git.trailers import Trailers, branches, read_trailers

MakeRepository = Callable[..., GitRepository]
NAMES = ("Grace-Audit", "Grace-Request-Id")


def committed(repository: GitRepository, message: str) -> str:
    run_git(("commit", "--quiet", "--allow-empty", f"--message={message}"), cwd=repository.root)
    return repository.resolve("HEAD")


def test_a_repository_without_such_branches_has_none(make_repository: MakeRepository) -> None:
    repository = make_repository({"a.py": ""})
    committed(repository, "On main\n\nGrace-Audit: 1:ab\n")
    assert branches(repository.root, "grace/") == ()
    assert read_trailers(repository.root, "grace/", NAMES) == ()


def test_trailers_are_found_below_what_people_committed_on_top(make_repository: MakeRepository) -> None:
    repository = make_repository({"a.py": ""})
    run_git(("switch", "--quiet", "--create", "grace/fix-bug/aa"), cwd=repository.root)
    commit = committed(repository, "Fix\n\nGrace-Request-Id: aa\nGrace-Audit: 1:ab\n")
    committed(repository, "Mine")
    committed(repository, "Quoted\n\nGrace-Audit: 2:cd\n\nand then said no trailer")
    assert branches(repository.root, "grace/") == ("grace/fix-bug/aa",)
    assert read_trailers(repository.root, "grace/", NAMES) == (Trailers(commit, ("1:ab", "aa")),)


def test_what_is_missing_or_there_twice_shows(make_repository: MakeRepository) -> None:
    repository = make_repository({"a.py": ""})
    run_git(("switch", "--quiet", "--create", "grace/fix-bug/aa"), cwd=repository.root)
    committed(repository, "Fix\n\nGrace-Audit: 1:ab\nGrace-Audit: 2:cd\n")
    assert [found.values for found in read_trailers(repository.root, "grace/", NAMES)] == [("1:ab 2:cd", "")]


def test_no_program_that_the_repository_names_is_started(make_repository: MakeRepository, tmp_path: Path) -> None:
    repository = make_repository({"a.py": ""})
    run_git(("switch", "--quiet", "--create", "grace/fix-bug/aa"), cwd=repository.root)
    commit = committed(repository, "Fix\n\nGrace-Audit: 1:ab\n")
    program = tmp_path / "gpg"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'started'}\n")
    program.chmod(0o755)
    signed = run_git(("cat-file", "commit", commit), cwd=repository.root).stdout.replace(
        b"\n\n", b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\n", 1
    )
    writing = ("hash-object", "-t", "commit", "-w", "--stdin")
    forged = run_git(writing, cwd=repository.root, stdin=signed).stdout.decode().strip()
    run_git(("update-ref", "refs/heads/grace/fix-bug/aa", forged), cwd=repository.root)
    for setting in (("log.showSignature", "true"), ("gpg.program", str(program))):
        run_git(("config", *setting), cwd=repository.root)
    assert [found.commit for found in read_trailers(repository.root, "grace/", NAMES)] == [forged]
    assert not (tmp_path / "started").exists()
    run_git(("log", "-1", forged), cwd=repository.root)
    assert (tmp_path / "started").exists(), "this test would always pass"


def test_a_folder_that_is_no_repository_is_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a git repository"):
        read_trailers(tmp_path, "grace/", NAMES)
