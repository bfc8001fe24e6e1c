"""`grace fix --errors`: the door for errors that need no test."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grace.git import GitRepository

pytestmark = pytest.mark.e2e

Grace = Callable[..., Any]
MakeRepository = Callable[..., GitRepository]
BROKEN = {
    "shop/__init__.py": "",
    "shop/money.py": "import os\n\n\ndef cents(amount)\n    return round(amount * 100)\n",
    "shop/cart.py": "def total(prices):\n    return sum(cents(price) for price in prics)\n",
    "test_cart.py": "from shop.cart import total\n\ndef test_total():\n    assert total([1, 2.5]) == 350\n",
}


def test_errors_are_repaired_proved_and_delivered(
    grace: Grace, make_repository: MakeRepository, environment: dict[str, str]
) -> None:
    repository = make_repository(BROKEN)
    ran = grace("fix", str(repository.root), "--errors", "--json")
    answer = ran.json
    assert (ran.code, answer["status"], ran.err) == (0, "fixed", ""), answer["reason"]
    assert {red["exception"] for red in answer["reproduction"]["red"]} == {"SyntaxError", "F821"}
    assert answer["verification"]["checks"][-1]["name"] == "no such errors"
    assert answer["verification"]["passed"] and answer["verification"]["tested"]
    for line in ("+from shop.money import cents", "+def cents(amount):", "-import os", "for price in prices)"):
        assert line in answer["diff"]
    assert repository.uncommitted() == () and list(Path(environment["TMPDIR"]).iterdir()) == []

    fresh = repository.root.parent / "fresh"
    clone = ["git", "clone", "--quiet", "--branch", answer["branch"], str(repository.root), str(fresh)]
    subprocess.run(clone, check=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    assert subprocess.run(command, cwd=fresh, capture_output=True, check=False).returncode == 0

    again = grace("fix", str(fresh), "--errors", "--json")
    assert (again.code, again.json["status"]) == (0, "nothing_to_fix")


def test_without_any_test_a_repair_waits_for_a_vote(grace: Grace, make_repository: MakeRepository) -> None:
    repository = make_repository({"a.py": "import os\n\nprint(1)\n"})
    ran = grace("fix", str(repository.root), "--errors", "--json")
    assert (ran.code, ran.json["status"]) == (3, "waiting")
    assert "no test speaks for the change" in ran.json["reason"] and "-import os" in ran.json["diff"]


def test_what_is_repaired_in_part_is_shown_and_not_delivered(grace: Grace, make_repository: MakeRepository) -> None:
    repository = make_repository({"a.py": "import os\n\n\ndef f():\n    return qwertz\n"})
    ran = grace("fix", str(repository.root), "--errors", "--json")
    assert (ran.code, ran.json["status"], ran.json["branch"]) == (1, "not_fixed", None)
    assert "qwertz" in ran.json["reason"] and "-import os" in ran.json["diff"]
