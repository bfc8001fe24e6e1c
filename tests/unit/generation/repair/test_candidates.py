"""The space of candidates: cheap ones first, nearly all of them Python, the same each time."""

import ast
import itertools
import warnings
from collections.abc import Callable
from typing import Any

import pytest

Propose = Callable[..., Any]

PROGRAMS = [
    '''\
import math

SCALE = 2.5
NAMES = {"a": 1, "b": [2, 3]}


class Table:
    size = 3

    def __init__(self, rows, width=4):
        self.rows = rows
        self.width = width

    def cell(self, k, default=None):
        """Reads a cell."""
        if k < 0 or k >= len(self.rows) * self.width:
            raise IndexError(k)
        row, column = divmod(k, self.width)
        try:
            return self.rows[row][column]
        except IndexError:
            return default

    def total(self):
        return sum(math.floor(c * SCALE) for row in self.rows for c in row if c is not None)
''',
    '''\
async def gather(sources, *, limit=10, key=lambda x: -x):
    found, seen = [], set()
    async with sources as opened:
        async for one in opened:
            if one in seen and not limit: continue
            seen.add(one); found.append(await one.read())
            if (n := len(found)) >= limit:
                break
    else_ = {k: v for k, v in zip(found[::-1], sorted(found, key=key))}
    with open("x") as f: print(f"{n!r:>{limit}} {else_['a']}", *found, sep="", file=f)
    assert found, "nothing"
    while True:
        if not found: return None
        found[0], found[-1] = found[-1], found[0]
        del found[0]
''',
    '''\
def parse(text):
    match text.split():
        case ["go", direction] if direction:
            return direction
        case []:
            pass
        case _:
            yield from (
                word
                for word in text
                if word  # keep
            )
    def inner(a, /, b=1, *c):
        nonlocal text
        text = (a if a else b)[c]
        return lambda: text
    global COUNT
    COUNT -= 1
    return inner
''',
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_nearly_every_candidate_is_python(propose: Propose, program: str) -> None:
    broken, count = [], 0
    for candidate, text in itertools.islice(propose(program, lines=range(12, 17)).texts(), 0, None, 11):
        count += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(text)
        except SyntaxError:
            broken.append((candidate.operator, candidate.splices))
    assert count > 30
    assert len(broken) < 0.01 * count, broken[:20]


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_edit_is_offered_twice_and_none_changes_nothing(propose: Propose, program: str) -> None:
    seen = set()
    for candidate, text in propose(program, lines=range(14, 17)).texts(4000):
        assert text != program
        if candidate.unit.function is not None:
            seen.add(text)
    assert len(seen) > 500


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_order_is_the_same_each_time(propose: Propose, program: str) -> None:
    one, other = (
        [(c.number, c.cost, c.operator, c.splices) for c, _ in propose(program, lines=range(14, 17)).texts(4000)]
        for _ in range(2)
    )
    assert one == other


def test_cheaper_candidates_come_first_up_to_what_is_not_made_yet(propose: Propose) -> None:
    """A maker may hold something cheaper than it promised; once made, its candidates stand in order."""
    costs = [candidate.cost for candidate, _ in propose(PROGRAMS[0]).texts()]
    running = list(itertools.accumulate(costs, max))
    early = [most - cost for cost, most in zip(costs, running, strict=True)]
    assert sum(gap == 0 for gap in early) > 0.9 * len(early)
    assert max(early) < 1.5


def test_places_that_the_test_does_not_reach_are_left_alone(propose: Propose) -> None:
    program = "def f(a, b):\n    return a < b\n\n\ndef g(a, b):\n    return a < b\n"
    proposals = propose(program, lines=[6])
    assert {candidate.line for candidate, _ in proposals.texts()} == {6}


def test_edits_lie_in_their_unit(propose: Propose) -> None:
    for candidate, text in itertools.islice(propose(PROGRAMS[0]).texts(), 4000):
        unit = candidate.unit
        number, splices = candidate.edits()
        changed = unit.source
        for start, end, new in sorted(splices, reverse=True):
            assert 0 <= start <= end <= len(unit.source)
            changed = changed[:start] + new + changed[end:]
        assert number == unit.number
        after = PROGRAMS[0][unit.start + len(unit.source) :]
        assert text == PROGRAMS[0][: unit.start] + changed + after


def test_units_are_announced_once_and_a_function_can_be_tried_as_its_module(propose: Propose) -> None:
    space = propose(PROGRAMS[0]).space
    announced = space.new_units()
    assert [described["kind"] for _, described in announced] == ["function", "function", "function", "module"]
    cell = announced[1][1]
    assert {key: cell[key] for key in cell if key != "source"} == {
        "kind": "function",
        "path": "code.py",
        "name": "cell",
        "classes": ["Table"],
        "line": 14,
        "first_line": 14,
    }
    assert cell["source"].startswith("    def cell(self, k, default=None):\n")
    assert cell["source"].endswith("            return default\n")
    assert space.new_units() == []
    candidate = next(iter(space))
    whole = space.as_module(candidate)
    assert whole.unit.function is None
    assert whole.applied(PROGRAMS[0]) == candidate.applied(PROGRAMS[0])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LIMIT = 3\n\n\ndef f(x):\n    return x < LIMIT\n", "LIMIT = 4\n\n\ndef f(x):\n    return x < LIMIT\n"),
        (
            "class A:\n    n = 1\n\n    def f(self):\n        return self.n\n",
            "class A:\n    n = 2\n\n    def f(self):\n        return self.n\n",
        ),
        ("def f(x, n=1):\n    return x + n\n", "def f(x, n=0):\n    return x + n\n"),
        ("def f(x, *, up=True):\n    return x if up else -x\n", "def f(x, *, up=False):\n    return x if up else -x\n"),
    ],
)  # fmt: skip
def test_what_runs_at_import_is_edited_too(propose: Propose, before: str, after: str) -> None:
    candidate = propose(before).offer(after)
    assert candidate is not None
    assert candidate.unit.function is None


LABEL = """\
def label(row, names):
    kept = [row["name"] + "s"]
    if names:
        kept += [row["end"], row["more"]]
    return ", ".join(kept)
"""


@pytest.mark.parametrize(("own", "other"), [('"', "'"), ("'", '"')])
def test_new_strings_have_the_quotes_of_the_file(propose: Propose, own: str, other: str) -> None:
    program = LABEL.replace('"', own)
    added = [text for _, text in propose(program).texts() if text.count(own) > program.count(own)]
    assert len(added) > 100
    assert not [text for text in added if other in text]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('row["name"] + "s"', '(row["name"] or "") + "s"'),
        ('row["name"] + "s"', 'row.get("name", "") + "s"'),
        ("row['name'] + 's'", "(row['name'] or \"\") + 's'"),
        ("row['name'] + 's'", "row['name' or \"\"] + 's'"),
        ("row['name'] + 's'", "row['ame'] + 's'"),
    ],
)
def test_a_new_string_beside_old_ones_leaves_them_their_quotes(propose: Propose, before: str, after: str) -> None:
    program = LABEL.replace('row["name"] + "s"', before)
    assert propose(program).offer(program.replace(before, after)) is not None
