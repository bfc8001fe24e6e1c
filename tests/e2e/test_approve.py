"""Two people approve what one asked for, each by their own key."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from grace.errors import InputError
from grace.git import GitRepository

pytestmark = pytest.mark.e2e

Grace = Callable[..., Any]
FILES = {
    "half.py": "def half(n):\n    return n // 3\n",
    "test_half.py": "from half import half\n\ndef test_half():\n    assert [half(n) for n in (2, 10)] == [1, 5]\n",
    ".grace/policy.toml": (
        'version = 1\n\n[[rule]]\nname = "two people read it"\nwhen = {}\nthen = "review"\nvotes = 2\n'
        'roles = ["maintainer"]\n'
    ),
}


def test_a_run_waits_for_the_votes_that_the_policy_file_asks_for(
    grace: Grace, make_repository: Callable[..., GitRepository], tmp_path: Path
) -> None:
    grace = partial(grace, GRACE_HOME=str(tmp_path / "home"))  # whom this one names, the others must not need
    repository = make_repository(FILES)
    keys = {}
    for name in ("bob", "cid", "ann"):
        keys[name] = grace("approvers", "add", name, "--role", "maintainer", "--json").json["key"]
    grace("approvers", "add", "eve", "--role", "guest")
    waiting = grace("fix", str(repository.root), "--json", GRACE_USER="ann")
    answer = waiting.json
    assert (waiting.code, answer["status"], answer["decision"]["votes_required"]) == (3, "waiting", 2)
    assert "two people read it" in answer["reason"]

    def vote(name: str, key: str) -> Any:
        return grace("approve", answer["run_id"], "--as", name, "--json", GRACE_APPROVER_KEY=key)

    assert (vote("bob", keys["cid"]).code, vote("mallory", keys["bob"]).code) == (2, 2)
    own = vote("ann", keys["ann"])
    assert (own.code, own.json["refused"]) == (3, "nobody votes on a change that they asked for")
    first = vote("bob", keys["bob"])
    assert (first.code, first.json["counts"], first.json["tally"]["missing"]) == (3, True, 1)
    assert vote("bob", keys["bob"]).json["tally"]["missing"] == 1
    with pytest.raises(InputError):
        repository.resolve(f"grace/fix-bug/{answer['run_id']}")

    last = vote("cid", keys["cid"])
    assert (last.code, last.json["status"]) == (0, "fixed")
    assert sorted(cast["voter"] for cast in last.json["votes"]) == ["bob", "cid"]
    assert repository.resolve(last.json["branch"]) == last.json["commit"]
    late = grace("reject", answer["run_id"], "--as", "bob", GRACE_APPROVER_KEY=keys["bob"])
    assert late.code == 2 and "does not wait for votes: it is delivered" in late.err

    shown = grace("audit", "show", answer["run_id"])
    assert shown.out.count("vote.cast") == 4
    assert grace("audit", "verify", "--repo", str(repository.root)).code == 0
    explained = grace("policy", "explain", answer["run_id"])
    assert explained.code == 0 and "two people read it" in explained.out
