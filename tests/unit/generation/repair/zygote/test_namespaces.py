"""Names that a candidate rebinds are given back before the next one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from grace.generation.repair.session import Session

Warm = Callable[..., AbstractContextManager[Session]]

CODE = """class Shape:
    sides = 4


class Holder:
    def __init__(self):
        self.shape = Shape()


held = Holder()
count = 4


def sides():
    return 3
"""
TEST = "import code_\n\ndef test_sides():\n    assert code_.sides() == code_.count == code_.held.shape.sides\n"


@pytest.mark.parametrize(
    "rebinding",
    [
        "global count; count = 3; return 5",
        "Shape.sides = 3; return 5",
        "held.shape.sides = 3; return 5",
        "held.shape = None; return 5",
        "del Shape.sides; return 5",
        "Shape.more = count; held.more = 1; return 5",
        "global sides; del sides; return 5",
    ],
)
def test_what_a_candidate_rebinds_is_undone(warm: Warm, rebinding: str) -> None:
    source = "def sides():\n    return 3\n"
    line = CODE[: CODE.index(source)].count("\n") + 1
    unit = {"kind": "function", "path": "code_.py", "source": source, "name": "sides",
            "classes": [], "line": line, "first_line": line}  # fmt: skip
    start, end = source.index("return"), source.index("3") + 1
    edits: list[Any] = [[0, [[start, end, rebinding]]]], [[0, [[end - 1, end, "4"]]]]
    with warm({"code_.py": CODE, "test_code.py": TEST}) as session:
        answers = session.order(
            "try", units=[[0, unit]], candidates=[[0, edits[0]], [1, edits[1]], [-1, []]],
            test=0, seconds=0.1, direct=True, light=True, isolated=False, jobs=1,
        )  # fmt: skip
        letters = [answer["tried"][1][0] for answer in answers]
    assert letters == ["f", "p", "f"]
