"""What is known of a file is taken over as long as nothing has changed that it follows from."""

from collections.abc import Sequence

import pytest

from grace.hunter.cache import ResultCache
from grace.hunter.taint import analyse, detect
from grace.hunter.tree import Tree, blob_id

WEB = b"""
from flask import Flask, request
from shop.checks import clean
from shop.store import find
app = Flask(__name__)

@app.get("/find")
def search():
    return {"found": find(clean(request.args["q"]))}
"""
CHECKS = b"""
import re

def clean(text):
    if not re.fullmatch("[a-z]+", text):
        raise ValueError(text)
    return text
"""
STORE = b"""
import sqlite3

def find(text):
    return sqlite3.connect("shop.db").execute("SELECT * FROM item WHERE name = '" + text + "'").fetchall()
"""
SHOP = {"shop/__init__.py": b"", "shop/web.py": WEB, "shop/checks.py": CHECKS, "shop/store.py": STORE}
UNCHECKED = CHECKS.replace(
    b"""    if not re.fullmatch("[a-z]+", text):
        raise ValueError(text)
""",
    b"",
)


class Reading:
    """A tree that says which of its files were read."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.read: list[str] = []

    @property
    def tree(self) -> Tree:
        def read_many(paths: Sequence[str]) -> dict[str, bytes]:
            self.read.extend(paths)
            return {path: self.files[path] for path in paths}

        return Tree({path: blob_id(content) for path, content in self.files.items()}, read_many)


def certain(detection) -> list[tuple[str, str]]:
    return [(f.location.path, f.rule_id) for f in detection.findings if f.confidence != "low"]


def test_a_check_far_away_makes_a_flow_harmless_and_its_removal_makes_it_a_finding():
    assert certain(analyse(SHOP)) == []
    assert certain(analyse(SHOP | {"shop/checks.py": UNCHECKED})) == [("shop/store.py", "sql-injection")]


def test_the_flow_is_told_from_source_to_sink_across_files():
    (finding,) = (f for f in analyse(SHOP | {"shop/checks.py": UNCHECKED}).findings if f.confidence == "high")
    assert finding.flow[0].location.path == "shop/web.py"
    assert 'request.args["q"]' in finding.flow[0].text
    assert finding.flow[-1].location.path == "shop/store.py"
    assert finding.symbol == "find"


def test_nothing_is_read_again_when_nothing_has_changed():
    kept = ResultCache().shelf("taint")
    first = detect(Reading(SHOP).tree, kept)
    again = Reading(SHOP)
    assert detect(again.tree, kept) == first
    assert again.read == []


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("shop/checks.py", UNCHECKED),
        ("shop/store.py", STORE.replace(b"text +", b"str(int(text)) +")),
        ("shop/web.py", WEB.replace(b"clean(request", b"(request")),
        ("shop/checks.py", b"# moved\n" + CHECKS),
        ("shop/store.py", b"def find(text):\n    return text\n"),
        ("flask.py", b"request = None\n"),
        ("shop/re.py", b"def fullmatch(pattern, text):\n    return True\n"),
        ("shop/broken.py", b"def ("),
    ],
)
def test_after_a_change_the_answer_is_that_of_a_first_look(path, content):
    kept = ResultCache().shelf("taint")
    detect(Tree.of(SHOP), kept)
    changed = SHOP | {path: content}
    assert detect(Tree.of(changed), kept) == analyse(changed)
    assert detect(Tree.of(SHOP), kept) == analyse(SHOP)


def test_after_a_file_is_gone_the_answer_is_that_of_a_first_look():
    kept = ResultCache().shelf("taint")
    detect(Tree.of(SHOP), kept)
    less = {path: content for path, content in SHOP.items() if path != "shop/checks.py"}
    assert detect(Tree.of(less), kept) == analyse(less)


def test_a_record_that_is_damaged_is_made_anew():
    cache = ResultCache()
    kept = cache.shelf("taint")
    first = detect(Tree.of(SHOP), kept)
    for shelf in cache._in_memory.values():
        for key in shelf:
            shelf[key] = b"{"
    assert detect(Tree.of(SHOP), kept) == first


def test_a_file_that_cannot_be_read_is_said_to_be_so():
    detection = analyse({"a.py": b"def (", "b.py": b"\0\0"})
    assert set(detection.failures) == {"a.py", "b.py"}
