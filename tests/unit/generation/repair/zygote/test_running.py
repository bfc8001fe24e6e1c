"""Tests of every kind end as they do under pytest itself."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from grace.generation.repair.session import Session

Warm = Callable[..., AbstractContextManager[Session]]

KINDS = """
import asyncio, os, sys, unittest
import pytest

def setup_module():
    global READY
    READY = True

@pytest.fixture
def broken():
    raise OSError

@pytest.fixture
def broken_later():
    yield
    raise OSError

@pytest.fixture(scope="session")
def one():
    yield [1]

@pytest.fixture(scope="class")
def two(one):
    yield [*one, 2]

def test_module_was_set_up_passed(): assert READY
def test_fails_failed(): assert 0
def test_prints_passed(): print("x" * 100000); sys.stderr.write("y"); os.write(1, b"{}")
def test_leaves_by_exit_failed(): sys.exit(3)
def test_skips_skipped(): pytest.skip("no")
@pytest.mark.skip
def test_marked_skipped(): assert 0
@pytest.mark.xfail
def test_expected_to_fail_skipped(): assert 0
@pytest.mark.xfail(strict=True)
def test_strict_but_passes_failed(): pass
def test_broken_fixture_error(broken): pass
def test_broken_teardown_error(broken_later): pass
def test_first_error_counts_failed(broken_later): assert 0
class TestShared:
    def setup_method(self): self.n = 1
    def test_first_passed(self, two): two.append(3); assert self.n == 1
    def test_second_passed(self, two): assert two == [1, 2, 3]
@pytest.mark.parametrize("xs", [[1], [2]])
def test_mutable_parameter_passed(xs): xs.append(0); assert xs in ([1, 0], [2, 0])
class Case(unittest.TestCase):
    def setUp(self): self.n = 1
    def test_passed(self): self.assertEqual(self.n, 1)
    def test_failed(self): self.assertEqual(self.n, 2)
    def test_no_skipped(self): self.skipTest("no")
    def test_subtests_failed(self):
        for k in range(3):
            with self.subTest(k=k): self.assertEqual(k, 0)
    @unittest.expectedFailure
    def test_expected_skipped(self): assert 0
class Asynchronous(unittest.IsolatedAsyncioTestCase):
    async def test_passed(self): await asyncio.sleep(0); self.assertTrue(READY)
def test_capture_passed(capsys): print("hi"); assert capsys.readouterr().out == "hi\\n"
def test_goes_elsewhere_passed(tmp_path): os.chdir(tmp_path)
def test_input_is_empty_passed():
    with pytest.raises(EOFError): input()
def test_endless_hung():
    while True: pass
def test_endless_in_handlers_hung():
    try:
        while True: pass
    except Exception: pass
def test_after_all_passed(): assert READY
"""


def run(session: Session, *names: str, seconds: float = 0.2, **more: Any) -> dict[str, dict[str, Any]]:
    """What each test came to, by its name; all tests without names."""
    by_name = {test.rpartition("::")[2]: k for k, test in enumerate(session.tests)}
    chosen = [by_name[name] for name in names] or list(by_name.values())
    found: dict[str, dict[str, Any]] = {}
    for answer in session.order("run", tests=chosen, seconds=seconds, **more):
        if "lines" in answer:
            for test, lines in answer["lines"].items():
                found[session.tests[int(test)].rpartition("::")[2]]["lines"] = lines
        else:
            found[session.tests[answer["test"]].rpartition("::")[2]] = answer
    return found


def test_each_test_ends_as_its_name_says(warm: Warm) -> None:
    with warm({"test_kinds.py": KINDS}) as session:
        answers = session.order("run", tests=list(range(len(session.tests))), seconds=0.2)
        wrong = {
            session.tests[a["test"]]: a["outcome"]
            for a in answers
            if not session.tests[a["test"]].partition("[")[0].endswith(f"_{a['outcome']}")
        }
        assert len(session.tests) == 27
        assert wrong == {}


def test_a_failure_says_what_where_and_through_which_lines(warm: Warm) -> None:
    files = {
        "shop.py": "def total(prices):\n    return sum(prices) / len(prices)\n",
        "test_shop.py": "from shop import total\n\ndef test_total():\n    assert total([]) == 0\n",
    }
    with warm(files) as session:
        failure = run(session)["test_total"]["failure"]
        assert failure == ["ZeroDivisionError", "division by zero", [["test_shop.py", 4], ["shop.py", 2]]]


def test_a_message_that_cannot_be_rendered_is_said_to_be_so(warm: Warm) -> None:
    code = "class Odd(Exception):\n    def __str__(self): raise KeyError\n\ndef test_odd():\n    raise Odd\n"
    with warm({"test_odd.py": code}) as session:
        exception, message, _ = run(session)["test_odd"]["failure"]
        assert (exception, message) == ("Odd", "<message failed: KeyError>")


WAYS_TO_DIE = """
import ctypes, os, signal, threading, time

def test_before(): pass
def test_leaves(): os._exit(0)
def test_is_killed(): os.kill(os.getpid(), signal.SIGKILL)
def test_closes_everything(): os.closerange(0, 100)
def test_between(): pass
def test_eats_memory():
    hoard = []
    while True: hoard.append(bytearray(400_000_000))
def test_floods(): os.write(1, b"x" * 10_000_000)
def test_after(): pass
"""


def test_tests_that_end_their_process_take_no_other_with_them(warm: Warm) -> None:
    with warm({"test_dying.py": WAYS_TO_DIE}) as session:
        found = run(session, seconds=5)
        assert {name: answer["outcome"] for name, answer in found.items()} == {
            "test_before": "passed",
            "test_leaves": "crashed",
            "test_is_killed": "crashed",
            "test_closes_everything": "crashed",
            "test_between": "passed",
            "test_eats_memory": "failed",
            "test_floods": "passed",
            "test_after": "passed",
        }
        assert found["test_eats_memory"]["failure"][0] == "MemoryError"


def test_a_process_left_behind_keeps_nobody_waiting(warm: Warm) -> None:
    """It holds the pipe open; the runner's silence limit is far above this test's own."""
    code = "import os, time\n\ndef test_leaves_a_child():\n    if not os.fork():\n        time.sleep(600)\n"
    with warm({"test_fork.py": code}) as session:
        assert run(session)["test_leaves_a_child"]["outcome"] == "passed"


def test_what_one_run_changes_is_gone_in_the_next(warm: Warm) -> None:
    code = "seen = []\n\ndef test_once():\n    seen.append(1)\n    assert len(seen) == 1\n"
    with warm({"test_state.py": code}) as session:
        assert run(session)["test_once"]["outcome"] == "passed"
        assert run(session)["test_once"]["outcome"] == "passed"


def test_runs_stop_at_the_first_failure_when_asked(warm: Warm) -> None:
    code = "def test_a(): pass\ndef test_b(): assert 0\ndef test_c(): pass\n"
    with warm({"test_abc.py": code}) as session:
        assert list(run(session, stop_at_failure=True)) == ["test_a", "test_b"]


def test_chance_is_the_same_each_time_unless_asked(warm: Warm) -> None:
    code = "import random\n\ndef test_chance():\n    assert 0, random.random()\n"
    with warm({"test_chance.py": code}) as session:
        messages = [run(session, reseed=reseed)["test_chance"]["failure"][1] for reseed in (False, False, True)]
        assert messages[0] == messages[1] != messages[2]


def test_lines_are_told_for_each_test(warm: Warm) -> None:
    files = {
        "work.py": "def f(x):\n    if x:\n        return 1\n    return 2\n",
        "test_work.py": "from work import f\n\ndef test_yes():\n    f(1)\n\ndef test_no():\n    f(0)\n",
    }
    with warm(files) as session:
        for hang in (False, True, False, True, False):  # any number of times
            found = run(session, cover=True, hang=hang)
            inside = {name: set(answer["lines"]["work.py"]) - {1} for name, answer in found.items()}
            assert inside == {"test_yes": {2, 3}, "test_no": {2, 4}}


def test_lines_survive_a_test_that_ends_the_process(warm: Warm) -> None:
    files = {
        "work.py": "import os\n\n\ndef f(x):\n    if x:\n        os._exit(1)\n    return 2\n",
        "test_work.py": "from work import f\n\ndef test_no():\n    f(0)\n\ndef test_leaves():\n    f(1)\n\n"
        "def test_later():\n    f(0)\n",
    }
    with warm(files) as session:
        found = run(session, cover=True, hang=False)
        inside = {name: set(answer["lines"]["work.py"]) - {4} for name, answer in found.items()}
        assert inside == {"test_no": {5, 7}, "test_leaves": {5, 6}, "test_later": {5, 7}}
        assert found["test_leaves"]["outcome"] == "crashed"
