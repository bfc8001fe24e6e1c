"""A process that is gone is told from one that is there, and from another that has its pid now."""

import subprocess
import sys

import pytest

from grace.process import is_gone, this_process


def test_this_process_is_there() -> None:
    assert not is_gone(this_process())


def test_a_process_that_ended_is_gone() -> None:
    name = "from grace.process import this_process; print(this_process())"
    done = subprocess.run([sys.executable, "-c", name], capture_output=True, text=True, check=True)
    assert is_gone(done.stdout.strip())


def test_another_process_with_the_same_pid_is_not_the_one() -> None:
    host, pid, started = this_process().split("/")
    assert is_gone(f"{host}/{pid}/{int(started) - 1}")


@pytest.mark.parametrize("name", ["", "/", "elsewhere/1/2", "no pid", "a/b/c"])
def test_what_cannot_be_known_is_not_taken_for_gone(name: str) -> None:
    assert not is_gone(name)
