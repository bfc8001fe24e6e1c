"""A repository's own policy, in a whole run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grace.contracts import Denied, Outcome, Request, Waiting
from grace.errors import InputError
from grace.git import GitRepository, run_git

Ask = Callable[..., Request]
Fix = Callable[[Request], Outcome]


@pytest.fixture
def ask_under(ask: Ask) -> Callable[..., Request]:
    """Make a request about a repository with one bug and a policy."""

    def make(policy: str, **fields: Any) -> Request:
        root = Path(ask().repository)
        (root / ".grace").mkdir()
        (root / ".grace" / "policy.toml").write_text(policy)
        run_git(("add", "--all"), cwd=root)
        run_git(("commit", "--quiet", "--message=Policy"), cwd=root)
        return ask(base_revision=GitRepository.open(root).resolve("HEAD"), **fields)

    return make


def test_a_policy_that_cannot_be_read_stops_the_run_before_anything_is_delivered(
    fix_bug: Fix, on_server: Path, rooms: Any, ask_under: Ask
) -> None:
    request = ask_under("version = 1\n[[rules]]\n", approve=True)
    outcome = fix_bug(request)
    assert isinstance(outcome, Denied)
    assert ".grace/policy.toml is no policy" in outcome.reason
    with pytest.raises(InputError):
        GitRepository.open(Path(request.repository)).resolve(f"grace/fix-bug/{request.id}")


def test_a_rule_makes_a_run_wait_for_the_votes_that_it_names(
    fix_bug: Fix, on_server: Path, rooms: Any, ask_under: Ask
) -> None:
    rule = '[[rule]]\nname = "halves need two"\nwhen = { paths = ["half.py"] }\nthen = "review"\nvotes = 2\n'
    outcome = fix_bug(ask_under(f"version = 1\n{rule}"))
    assert isinstance(outcome, Waiting)
    assert "halves need two" in outcome.reason
    assert outcome.evidence.decision is not None
    assert outcome.evidence.decision.votes_required == 2
