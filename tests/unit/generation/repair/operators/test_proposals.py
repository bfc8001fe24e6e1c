"""Each family of operators by example: the line before, the line it must propose."""

from collections.abc import Callable
from typing import Any

import pytest

Propose = Callable[..., Any]

PROGRAM = """\
import math
from collections import deque

LETTER = "A"
LIMIT = 10


def helper(value):
    return value.strip()


class Cart:
    def __init__(self, owner, items=None):
        self.owner = owner
        self.items = items or []
        self.total = 0

    def work(self, left, right, names, table, index):
        count = 0
        found = []
        for name in names:
            if not name:
                continue
            {line}
            found.append(name)
        return found
"""
EXAMPLES = {
    "comparison": ("if left < right: break", "if left <= right: break"),
    "chain": ("ok = 0 < left < right", "ok = 0 < left <= right"),
    "membership": ("ok = name in table", "ok = name not in table"),
    "identity": ("ok = name is None", "ok = name is not None"),
    "equality of None": ("ok = name == None", "ok = name != None"),
    "arithmetic": ("count = left + right", "count = left - right"),
    "division": ("count = left / right", "count = left // right"),
    "operands": ("count = left - right", "count = right - left"),
    "bits": ("count = left & right", "count = left | right"),
    "shift": ("count = left << right", "count = left >> right"),
    "sign": ("count = -left", "count = left"),
    "boolean": ("ok = left and right", "ok = left or right"),
    "condition dropped": ("if left and right: break", "if left: break"),
    "condition negated": ("if left: break", "if not left: break"),
    "negation dropped": ("if not left: break", "if left: break"),
    "condition extended": ("if left: break", "if left and right is not None: break"),
    "number": ("count = 3", "count = 4"),
    "truth value": ("ok = True", "ok = False"),
    "text": ('key = "A"', 'key = "a"'),
    "constant of the module": ("count = 3", "count = 10"),
    "variable": ("count = left", "count = right"),
    "attribute": ("count = self.total", "count = self.owner"),
    "relative": ("left = max(names)", "left = min(names)"),
    "method": ("key = name.lower()", "key = name.upper()"),
    "compound relative": ("at = name.find(left)", "at = name.rfind(left)"),
    "off by one": ("names = names[left]", "names = names[left - 1]"),
    "range": ("n = range(left)", "n = range(left + 1)"),
    "slice": ("names = names[left:right]", "names = names[left:]"),
    "reversed": ("names = names", "names = names[::-1]"),
    "index": ("key = table[left][right]", "key = table[right][left]"),
    "get": ("key = table[name]", "key = table.get(name, 0)"),
    "arguments": ("key = helper(left, right)", "key = helper(right, left)"),
    "argument dropped": ("key = helper(left, right)", "key = helper(left)"),
    "argument added": ("key = helper(left)", "key = helper(left, right)"),
    "unwrapped": ("key = helper(name)", "key = name"),
    "wrapped": ("key = name", "key = helper(name)"),
    "called": ("key = name.strip", "key = name.strip()"),
    "reverse": ("names = sorted(names)", "names = sorted(names, reverse=True)"),
    "clamped": ("count = left + right", "count = max(0, left + right)"),
    "ceiling": ("count = left // right", "count = (left + right - 1) // right"),
    "default": ("key = name", "key = name or []"),
    "choice": ("key = left if name else right", "key = right if name else left"),
    "filter": ("key = [n for n in names]", "key = [n for n in names if n]"),
    "filter dropped": ("key = [n for n in names if n]", "key = [n for n in names ]"),
    "ingredient": ("key = left", "key = self.items"),
    "assignment": ("count = left", "count += left"),
    "augmented": ("count += left", "count -= left"),
    "together": ("left, right = right, left", "left = right"),
    "jump": ("break", "continue"),
    "return": ("return", "return found"),
    "result kept": ("left.union(right)", "left = left.union(right)"),
    "pass": ("pass", "count += 1"),
    "yield": ("return left", "yield left"),
    "case added": ('ok = name in ("a", "b")', 'ok = name in ("a", "b", "A")'),
    "case dropped": ('ok = name in ("a", "b")', 'ok = name in ("a",)'),
    "type added": ("ok = isinstance(left, str)", "ok = isinstance(left, (str, bytes))"),
    "type exchanged": ("ok = isinstance(left, str)", "ok = isinstance(left, Cart)"),
    "method of the class": ("key = helper(name)", "key = self.work(name)"),
    "function for method": ("key = self.helper(name)", "key = helper(name)"),
    "spread": ("key = helper(left, right)", "key = helper(left, *right)"),
    "not spread": ("key = helper(*left)", "key = helper(left)"),
    "list of": ("key = [left]", "key = list(left)"),
    "comprehension": ("key = [n for n in names]", "key = names"),
    "pop": ("del table[name]", "table.pop(name, None)"),
}


@pytest.mark.parametrize("family", EXAMPLES)
def test_the_expected_line_is_among_the_proposals(propose: Propose, family: str) -> None:
    before, after = EXAMPLES[family]
    text = PROGRAM.format(line=before)
    line = text[: text.index(f"            {before}\n")].count("\n") + 1
    wanted = f"            {after}"
    for _, changed in propose(text, lines=[line]).texts():
        if changed.split("\n")[line - 1] == wanted:
            return
    pytest.fail(f"{before!r} never becomes {after!r}")
