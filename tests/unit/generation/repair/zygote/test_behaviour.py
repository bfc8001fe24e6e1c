"""What candidates answer to the inputs of the tests and to inputs near them."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from grace.generation.repair.session import Session

Warm = Callable[..., AbstractContextManager[Session]]


def compared(
    session: Session, source: str, name: str, news: list[tuple[str, str]]
) -> tuple[dict[str, int], dict[int, list[str]]]:
    """(counts, answers by candidate) for edits (old, new) of the file's first function."""
    unit = {
        "kind": "function", "path": "work.py", "source": source, "name": name, "classes": [], "line": 1, "first_line": 1
    }  # fmt: skip
    edits = [[k, [[0, [[source.index(old), source.index(old) + len(old), new]]]]] for k, (old, new) in enumerate(news)]
    counts, *answers = session.order(
        "compare", unit=0, units=[[0, unit]], tests=list(range(len(session.tests))), candidates=edits, seconds=1,
        call_seconds=0.02,
    )  # fmt: skip
    return counts, {answer["candidate"]: answer["answers"] for answer in answers}


CAP = "def cap(xs, most=3, *more, low=0, **other):\n    return sorted(xs)[:most]\n"
CAP_TEST = """\
from work import cap

def test_cap():
    assert cap([2, 1]) == [1, 2]
    cap([1, 2, 3, 4], 2, 5, low=1, k=2)
"""


def test_equal_candidates_answer_alike_and_others_do_not(warm: Warm) -> None:
    news = [("sorted(xs)", "list(sorted(xs))"), ("most]", "2]"), ("sorted(xs)", "xs.sort() or xs"), ("most]", "]")]
    with warm({"work.py": CAP, "test_work.py": CAP_TEST}) as session:
        counts, answers = compared(session, CAP, "cap", news)
        assert counts["recorded"] == 2
        assert counts["inputs"] > 20
        assert {len(found) for found in answers.values()} == {counts["inputs"]}
        assert answers[-1][:2] == ["rlist(list(1,2),list(list(2,1),3))", "rlist(list(1,2),list(list(1,2,3,4),2,5))"]
        assert answers[0] == answers[-1] != answers[1]
        assert answers[2] != answers[-1], "what becomes of the arguments is part of the answer"
        again, same = compared(session, CAP, "cap", news)
        assert (again, same) == (counts, answers)


def test_candidates_that_raise_hang_or_do_not_compile_say_so(warm: Warm) -> None:
    news = [("return", "return 1 / 0,"), ("return", "while True: low ="), ("return", "return ("), ("return", "yield")]
    with warm({"work.py": CAP, "test_work.py": CAP_TEST}) as session:
        _, answers = compared(session, CAP, "cap", news)
        assert set(answers[0]) == {"xZeroDivisionError"}
        assert set(answers[1]) == {"h"}
        assert set(answers[2]) == {"xSyntaxError"}
        assert answers[3][0] == "rlist(list(list(1,2)),list(list(2,1),3))", "a generator is read"


TANGLED = """\
def build(size):
    class Node:
        def __init__(self): self.links = []
    nodes = [Node() for _ in range(size)]
    for one in nodes:
        one.links = nodes
    return nodes
"""


def test_values_that_hold_themselves_and_each_other_can_be_shown(warm: Warm) -> None:
    test = "from work import build\n\ndef test_build():\n    assert build(60)\n"
    with warm({"work.py": TANGLED, "test_work.py": test}) as session:
        _, answers = compared(session, TANGLED, "build", [("one.links = nodes", "one.links = [one]")])
        assert answers[-1][0].startswith("rlist(list(Node{tuple('links',...)}")
        assert answers[0][0] != answers[-1][0]


def test_nothing_is_asked_where_no_call_was_seen(warm: Warm) -> None:
    with warm({"work.py": CAP, "test_work.py": "import work\n\ndef test_nothing(): pass\n"}) as session:
        counts, answers = compared(session, CAP, "cap", [("most]", "]")])
        assert counts == {"inputs": 0, "recorded": 0}
        assert answers == {-1: [], 0: []}
