"""Edits of module code reach those who hold what the module made, and nobody else."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from grace.generation.repair.session import Session

Warm = Callable[..., AbstractContextManager[Session]]

CONFIG = '''\
"""Settings."""
from dataclasses import dataclass
from functools import wraps

LIMIT = 10
FAST = False
NAMES = ["a"]
MODE = "r"


def twice(f):
    @wraps(f)
    def wrapper(*args):
        return 2 * f(*args)
    return wrapper


@twice
def one(step=1):
    return step


@dataclass
class Point:
    x: int = 3
    y: int = LIMIT

    def sum(self):
        return self.x + self.y


ORIGIN = Point()
'''
USER = "from .config import LIMIT as most, FAST, NAMES, MODE, Point, one\nOTHER = 10\nSLOW = False\n"


CHANGES = [
    ("LIMIT = 10", "LIMIT = 11", "config.LIMIT == most == 11 and user.OTHER == 10"),
    ("FAST = False", "FAST = True", "user.FAST and user.SLOW is False"),
    ('["a"]', '["b"]', "user.NAMES == config.NAMES == ['b']"),
    ('"r"', '"w"', "user.MODE == 'w'"),
    ("x: int = 3", "x: int = 4", "user.Point().x == config.Point().x == 4 and user.Point(5).x == 5"),
    ("self.x + self.y", "self.x * self.y", "user.Point().sum() == 30 and config.ORIGIN.sum() == 30"),
    ("step=1", "step=5", "user.one() == config.one() == 10"),
    ("2 * f", "3 * f", "user.one() == 3"),
    ("return step", "return step + 1", "user.one() == 4"),
]


def tried(session: Session, test: int, unit: dict[str, Any], candidates: list[Any]) -> str:
    """The first letter of each candidate's answer."""
    answers = session.order(
        "try", test=test, seconds=0.1, units=[[0, unit]], candidates=candidates, direct=True, light=True,
        isolated=False, jobs=1,
    )  # fmt: skip
    return "".join(answer["tried"][1][0] for answer in answers)


def test_everybody_sees_the_new_module(warm: Warm) -> None:
    tests = [f"def test_{k}():\n    assert {test}\n" for k, (_, _, test) in enumerate(CHANGES)]
    files = {
        "pack/__init__.py": "",
        "pack/config.py": CONFIG,
        "pack/user.py": USER,
        "test_pack.py": "from pack import config, user\nfrom pack.user import most\n" + "".join(tests),
    }
    unit = {"kind": "module", "path": "pack/config.py", "source": CONFIG}
    with warm(files) as session:
        for k, (old, new, _) in enumerate(CHANGES):
            start = CONFIG.index(old)
            edits = [[0, [[start, start + len(old), new]]]]
            assert tried(session, k, unit, [[0, []], [1, edits], [2, []], [3, edits]]) == "fpfp", new


def test_module_code_that_does_not_run_again_is_a_verdict(warm: Warm) -> None:
    source = "LIMIT = 1\n"
    files = {"config.py": source, "test_config.py": "import config\n\ndef test_it():\n    assert config.LIMIT == 2\n"}
    unit = {"kind": "module", "path": "config.py", "source": source}
    texts = ["raise OSError", "LIMIT = 2", "while True: x = 1", "LIMIT = 2", "import os; os._exit(0)", "LIMIT = 2"]
    with warm(files) as session:
        assert tried(session, 0, unit, [[k, [[0, [[0, 9, text]]]]] for k, text in enumerate(texts)]) == "fphpcp"


def test_a_module_that_nobody_imported_is_not_swappable(warm: Warm) -> None:
    files = {"config.py": "LIMIT = 1\n", "test_config.py": "def test_it():\n    assert 0\n"}
    unit = {"kind": "module", "path": "config.py", "source": "LIMIT = 1\n"}
    with warm(files) as session:
        assert tried(session, 0, unit, [[0, [[0, [[8, 9, "2"]]]]]]) == "n"
