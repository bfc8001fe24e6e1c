"""A wish becomes a request that every stage can rely on, or a clear refusal."""

from collections.abc import Callable

import pytest

from grace.contracts import FixBug
from grace.errors import InputError
from grace.git import GitRepository, run_git
from grace.request import resolve


@pytest.fixture
def repository(make_repository: Callable[..., GitRepository]) -> GitRepository:
    return make_repository({"a.py": "x = 1\n", "tests/test_a.py": "def test_a(): pass\n"})


def wish(there: GitRepository, **fields: object) -> FixBug:
    return FixBug.model_validate({"repository": str(there.root), **fields})


def test_the_base_is_pinned_and_its_branch_is_followed(repository: GitRepository) -> None:
    head = repository.resolve("HEAD")
    run_git(("branch", "release", "HEAD"), cwd=repository.root)
    run_git(("tag", "v1", "HEAD"), cwd=repository.root)
    followed = {"HEAD": "main", "release": "release", "v1": "", head: ""}
    for base, branch in followed.items():
        request = resolve(wish(repository, base=base), requested_by="ann")
        assert (request.base_revision, request.base_branch) == (head, branch)


def test_a_snapshot_follows_no_branch(repository: GitRepository) -> None:
    (repository.root / "a.py").write_text("x = 2\n")
    request = resolve(wish(repository, include_uncommitted=True), requested_by="ann")
    assert (request.base_branch, repository.read(request.base_revision, "a.py")) == ("", b"x = 2\n")


def test_who_asks_is_who_the_wish_says(repository: GitRepository) -> None:
    assert resolve(wish(repository), requested_by="ann").requested_by == "ann"
    assert resolve(wish(repository, requested_by="bob"), requested_by="ann").requested_by == "bob"


def test_a_run_id_that_is_given_is_kept_and_others_differ(repository: GitRepository) -> None:
    assert resolve(wish(repository, run_id="0123456789ab"), requested_by="ann").id == "0123456789ab"
    one, other = (resolve(wish(repository), requested_by="ann").id for _ in range(2))
    assert one != other


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("repository", "/nowhere", "/nowhere"),
        ("base", "no-such-branch", "no-such-branch"),
        ("base", "--help", "--help"),
        ("test_command", "pytest 'open", "--test-command"),
        ("tests", ("tests/none.py",), "tests/none.py"),
        ("tests", ("../../etc/passwd",), "../../etc/passwd"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_by_name(
    repository: GitRepository, field: str, value: object, said: str
) -> None:
    with pytest.raises(InputError, match=said.replace("/", "[/]")):
        resolve(wish(repository, **{field: value}), requested_by="ann")
