"""Whole repairs of small repositories with bugs of every kind."""

from collections.abc import Callable
from typing import cast

import pytest

from grace.contracts import Interpreter, Repair, ReproductionStatus, Request
from grace.generation.repair.reproduce import reproduce
from grace.generation.repair.search import repair
from grace.git import GitRepository
from grace.ports import CommandRunner, VersionControl


@pytest.fixture
def mend(
    make_repository: Callable[..., GitRepository],
    ask: Callable[..., Request],
    runner: CommandRunner,
    interpreter: Interpreter,
) -> Callable[..., tuple[GitRepository, Repair]]:
    """Search for a repair of a repository of these files; what is found makes every test pass."""

    def search(files: dict[str, str | bytes], seconds: float = 40) -> tuple[GitRepository, Repair]:
        repository = make_repository(files)
        request = ask(repository, seconds=seconds)
        shown = reproduce(request, repository=repository, runner=runner, interpreter=interpreter)
        found = repair(request, shown, repository=repository, runner=runner)
        if found.change:
            assert {edit.path for edit in found.change.edits} <= {name for name in files if "test" not in name}
            now = cast("VersionControl", Fixed(repository, found.change.patch))
            again = reproduce(request, repository=now, runner=runner, interpreter=interpreter)
            assert again.status is ReproductionStatus.GREEN, again.reason
        return repository, found

    return search


class Fixed:
    """The repository as it is with a patch."""

    def __init__(self, repository: GitRepository, patch: str) -> None:
        self._repository = repository
        self._patch = patch

    def checkout(self, revision: str) -> object:
        return self._repository.checkout(revision, patch=self._patch)


def defined(found: Repair) -> dict[str, Callable[..., int]]:
    """What the repaired file defines."""
    assert found.change is not None
    scope: dict[str, Callable[..., int]] = {}
    exec(found.change.edits[0].after or b"", scope)
    return scope


LEAGUE = '''\
"""Points of a league.   Two spaces  are kept."""


WIN,DRAW = 3 , 1   # points


def points( results ):
    """Sum of the points of results such as (2, 1)."""
    total = 0
    for mine, theirs in results:   # goals
        if mine >= theirs:
            total += WIN
        elif mine == theirs:
            total += DRAW
    return total


def best(teams):
    return max( teams, key=lambda t: points(teams[t]) )
'''
LEAGUE_TEST = """\
from league import best, points


def test_points():
    assert points([(2, 1), (1, 1), (0, 3)]) == 4
    assert points([]) == 0


def test_best():
    assert best({"a": [(1, 1)] * 2, "b": [(1, 0)]}) == "b"
"""


def test_a_wrong_operator(mend: Callable[..., tuple[GitRepository, Repair]]) -> None:
    _, found = mend({"league.py": LEAGUE, "test_league.py": LEAGUE_TEST})
    assert found.change is not None
    (edit,) = found.change.edits
    assert edit.after == LEAGUE.replace("mine >= theirs", "mine > theirs").encode()
    assert found.suspects[0].function == "points"
    assert found.change.provenance.strategy == "search"
    assert found.candidates_tried > 0
    assert 0 < found.confidence <= 0.95


INBOX = """\
class Inbox:\r
    \"\"\"Messages by sender; ä.\"\"\"\r
\r
    def __init__(self):\r
        self.messages = {}\r
        self.unread = 0\r
\r
    def receive(self, sender, text):\r
        self.messages.setdefault(sender, []).append(text)\r
        self.unread += 1\r
\r
    def read(self, sender):\r
        found = self.messages.pop(sender, [])\r
        return found\r
"""
INBOX_TEST = """\
from box.inbox import Inbox


def test_reading_counts():
    inbox = Inbox()
    inbox.receive("ann", "hi")
    inbox.receive("bob", "yo")
    assert inbox.read("ann") == ["hi"]
    assert inbox.unread == 1


def test_unknown_sender():
    assert Inbox().read("cy") == []


def test_receiving_counts():
    inbox = Inbox()
    inbox.receive("ann", "hi")
    assert inbox.unread == 1
"""


def test_a_missing_statement_in_a_package_with_other_line_ends(
    mend: Callable[..., tuple[GitRepository, Repair]],
) -> None:
    _, found = mend({"box/__init__.py": "", "box/inbox.py": INBOX, "tests/test_inbox.py": INBOX_TEST})
    assert found.change is not None
    (edit,) = found.change.edits
    assert edit.path == "box/inbox.py"
    assert edit.after is not None
    before, after = INBOX.split("\r\n"), edit.after.decode().split("\r\n")
    assert not any("\n" in line for line in after)
    assert sum(line not in after for line in before) <= 1
    assert sum(line not in before for line in after) <= 1


TWO = """\
def first_word(text):
    return text.split()[1]


def last_word(text):
    return text.split()[0]


def shout(text):
    return text.upper()
"""
TWO_TEST = """\
from words import first_word, last_word, shout


def test_first():
    assert first_word("a b c") == "a"
    assert first_word("d e") == "d"


def test_last():
    assert last_word("a b c") == "c"
    assert last_word("d e") == "e"


def test_shout():
    assert shout("a") == "A"
"""


def test_two_bugs_in_two_functions(mend: Callable[..., tuple[GitRepository, Repair]]) -> None:
    _, found = mend({"words.py": TWO, "test_words.py": TWO_TEST})
    assert found.change is not None
    assert found.change.provenance.attempt == 2
    (edit,) = found.change.edits
    assert edit.after is not None
    assert edit.after.decode().endswith("\n\ndef shout(text):\n    return text.upper()\n")


def test_a_module_constant(mend: Callable[..., tuple[GitRepository, Repair]]) -> None:
    files = {
        "rates.py": "PERCENT = 10\n",
        "till.py": "from rates import PERCENT\n\n\ndef with_tax(n):\n    return n + n * PERCENT // 100\n",
        "test_till.py": "from till import with_tax\n\ndef test_tax():\n"
        "    assert with_tax(100) == 111\n    assert with_tax(300) == 333\n",
    }
    _, found = mend(files)
    assert found.change is not None


STATE = '''\
_log = []


def note(name):
    """Remember a name, once."""
    if name in _log:
        _log.append(name)
    return list(_log)
'''
STATE_TEST = """\
from state import note


def test_note():
    assert note("a") == ["a"]
    assert note("a") == ["a"]
    assert note("b") == ["a", "b"]
"""


def test_a_bug_in_code_that_keeps_state(mend: Callable[..., tuple[GitRepository, Repair]]) -> None:
    """A candidate must not be judged by what an earlier one left in the module."""
    _, found = mend({"state.py": STATE, "test_state.py": STATE_TEST})
    assert found.change is not None
    assert found.change.edits[0].after == STATE.replace("if name in", "if name not in").encode()


def test_what_cannot_be_repaired_is_said_to_be(mend: Callable[..., tuple[GitRepository, Repair]]) -> None:
    files = {
        "code_.py": "def f(x):\n    return x\n",
        "test_code.py": "from code_ import f\n\ndef test_f():\n    assert f('q') == 'the answer to everything'\n",
    }
    repository, found = mend(files, seconds=4)
    assert found.change is None
    assert found.reason
    assert repository.uncommitted() == ()


def test_tests_that_run_no_code_of_the_project_have_no_repair(
    mend: Callable[..., tuple[GitRepository, Repair]],
) -> None:
    _, found = mend({"code_.py": "x = 1\n", "test_code.py": "def test_f():\n    assert 0\n"})
    assert found.change is None
    assert "no line of the project" in found.reason


def test_a_test_that_fails_every_other_time_decides_nothing(mend: Callable[..., tuple[GitRepository, Repair]]) -> None:
    unsteady = (
        "from pathlib import Path\nfrom calc import double\n\ndef test_unsteady():\n    double(1)\n"
        "    mark = Path(__file__).with_name('mark')\n    if mark.exists():\n        mark.unlink()\n"
        "        raise AssertionError\n    mark.touch()\n"
    )
    code = "def double(x):\n    return x + 3\n"
    test = "from calc import double\n\ndef test_double():\n    assert double(5) == 10 and double(2) == 4\n"
    _, found = mend({"calc.py": code, "test_calc.py": test, "test_unsteady.py": unsteady})
    assert defined(found)["double"](7) == 14


def test_many_candidates_that_pass_the_lead_are_sifted_by_the_green_tests(
    mend: Callable[..., tuple[GitRepository, Repair]],
) -> None:
    code = "def clip(n, low, high):\n    if n < low:\n        return low\n    return n\n"
    test = (
        "from clip import clip\n\ndef test_above():\n    assert clip(9, 1, 5) == 5\n\n"
        "def test_below():\n    assert clip(-3, 1, 5) == 1\n\ndef test_inside():\n    assert clip(2, 1, 5) == 2\n\n"
        "def test_equal():\n    assert clip(4, 4, 4) == 4\n"
    )
    _, found = mend({"clip.py": code, "test_clip.py": test})
    clip = defined(found)["clip"]
    assert [clip(n, 0, 10) for n in (-5, 0, 7, 10, 12)] == [0, 0, 7, 10, 10]
