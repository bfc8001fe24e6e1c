"""Every item is done once, whatever becomes of the processes that do them."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace.generation.repair.zygote.clock import OutOfTime
from grace.generation.repair.zygote.forking import work_through

Emit = Callable[[str], None]


def work(item: str, emit: Emit) -> None:
    emit(f"{item} begun")
    if item == "die":
        os._exit(3)
    if item == "raise":
        raise KeyError(item)
    if item == "wait":
        try:
            threading.Event().wait()
        except OutOfTime:
            emit("interrupted")
    if item == "block":
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPROF])
        time.sleep(600)
    emit(str(os.getpid()))


def through(items: list[str], jobs: int = 1, spoils: str = "spoil") -> dict[int, tuple[list[str], str]]:
    found = work_through(items, work, jobs=jobs, silence=0.1, close=lambda: None, spoils=lambda i: i == spoils)
    return {index: (lines, ended) for index, lines, ended in found}


@given(
    st.lists(st.sampled_from(["a", "b", "die", "raise", "spoil"]), max_size=12), st.integers(min_value=1, max_value=4)
)
@settings(max_examples=25, deadline=None)
def test_every_item_is_answered_once(items: list[str], jobs: int) -> None:
    found = through(items, jobs)
    assert sorted(found) == list(range(len(items)))
    for index, item in enumerate(items):
        lines, ended = found[index]
        assert lines[0] == f"{item} begun"
        assert ended == ("crashed" if item in ("die", "raise") else "done")


def test_items_share_a_process_until_one_spoils_it() -> None:
    found = through(["a", "b", "spoil", "a", "b"])
    one, two, three, four, five = (found[k][0][1] for k in range(5))
    assert one == two == three != four == five


def test_the_last_word_says_why() -> None:
    lines, ended = through(["raise"])[0]
    assert ended == "crashed"
    assert lines[1].startswith("!Traceback")
    assert "KeyError: 'raise'" in lines[1]


def test_waiting_is_interrupted_and_what_cannot_be_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grace.generation.repair.zygote.forking.LAST_PATIENCE", 0.1)
    found = through(["a", "wait", "block", "a"])
    assert [ended for _, ended in found.values()] == ["done", "done", "hung", "done"]
    assert found[1][0][1] == "interrupted"
    assert found[0][0][1] == found[1][0][2] != found[3][0][1]


def test_children_do_not_hold_each_others_pipes() -> None:
    def count(_item: int, emit: Emit) -> None:
        emit(str(len(list(Path("/proc/self/fd").iterdir()))))

    counts = {lines[0] for _, lines, _ in work_through(list(range(8)), count, jobs=4, silence=5, close=lambda: None)}
    assert len(counts) == 1


def test_nothing_is_left_when_nobody_listens_any_more() -> None:
    answers = work_through(["a", "block"], work, jobs=2, silence=60, close=lambda: None)
    _, lines, _ = next(answers)
    answers.close()  # type: ignore[attr-defined]  # it is a generator
    left = int(lines[1])
    with pytest.raises(ProcessLookupError):
        os.kill(left, 0)
    with pytest.raises(ChildProcessError):
        os.waitpid(left, os.WNOHANG)
