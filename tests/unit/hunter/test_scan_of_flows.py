"""The whole scan with the flow of data in it: what it finds, decides and keeps apart."""

import hashlib
from collections.abc import Mapping

import pytest

from grace.hunter.cache import ResultCache
from grace.hunter.scan import Scan, compare, scan_tree
from grace.hunter.tree import Tree

VIEWS = """
from flask import Flask, request
from shop.clean import clean
from shop.store import find

app = Flask(__name__)


@app.route("/user")
def user():
    return {"rows": find(clean(request.args["name"]))}
"""
CLEAN = "def clean(text):\n    return int(text)\n"
STORE = """
import sqlite3


def find(name):
    query = "select id from user where name = " + str(name)
    return sqlite3.connect("a").cursor().execute(query).fetchall()
"""
SHOP = {"shop/__init__.py": "", "shop/views.py": VIEWS, "shop/clean.py": CLEAN, "shop/store.py": STORE}


def tree(files: Mapping[str, str]) -> Tree:
    return Tree.of({path: content.encode() for path, content in files.items()})


def step(before: Mapping[str, str], after: Mapping[str, str], results: ResultCache | None = None) -> Scan:
    return compare(tree(before), tree(after), results=results or ResultCache())


def injections(scan: Scan) -> list[tuple[str, int]]:
    return [
        (f.location.path, f.location.line) for f in scan.new if f.rule_id == "sql-injection" and f.confidence != "low"
    ]


def test_a_sanitiser_that_goes_far_away_makes_the_old_sink_new() -> None:
    unguarded = {**SHOP, "shop/clean.py": "def clean(text):\n    return text\n"}
    scan = step(SHOP, unguarded)
    assert injections(scan) == [("shop/store.py", 7)]
    assert step(unguarded, SHOP).gone
    assert not injections(step(unguarded, SHOP))


@pytest.mark.parametrize("kept", [True, False])
def test_it_is_new_with_and_without_results_of_earlier_scans(kept: bool) -> None:
    results = ResultCache() if kept else None
    unguarded = {**SHOP, "shop/clean.py": "def clean(text):\n    return text\n"}
    assert not injections(step(SHOP, {**SHOP, "README": "x"}, results))
    assert injections(step(SHOP, unguarded, results)) == [("shop/store.py", 7)]
    assert not injections(step(unguarded, SHOP, results))


def test_a_flow_is_the_same_after_formatting_renaming_and_moving() -> None:
    before = {**SHOP, "shop/clean.py": "def clean(text):\n    return text\n"}
    store = STORE.replace("query", "sql").replace(
        ".cursor().execute(sql)", ".cursor(\n    ).execute(\n        sql,\n    )"
    )
    after = {
        "shop/__init__.py": "# the shop\n",
        "shop/views.py": VIEWS.replace("shop.store", "shop.data.rows"),
        "shop/clean.py": before["shop/clean.py"],
        "shop/data/__init__.py": "",
        "shop/data/rows.py": "\n\n" + store,
    }
    scan = step(before, after)
    assert injections(scan) == []
    assert any(f.rule_id == "sql-injection" and f.location.path == "shop/data/rows.py" for f in scan.unchanged)


def test_what_both_see_is_one_finding_and_what_is_proved_harmless_none() -> None:
    code = "import os\nfrom flask import Flask, request\napp = Flask(__name__)\n\n@app.route('/a')\ndef a():\n"
    code += "    os.system('date')\n    os.system(request.args['c'])\n    return {}\n"
    scan = scan_tree(tree({"a.py": code}), results=ResultCache())
    assert [f.rule_id for f in scan.new if f.cwe == 78 and f.severity == "high"] == ["command-injection"]
    assert [each.finding.location.line for each in scan.suppressed if each.finding.rule_id == "B605"] == [7]


def test_newer_grammar_is_followed_like_older() -> None:
    code = "import os\nfrom flask import Flask, request\napp = Flask(__name__)\n\n@app.route('/a')\ndef a():\n"
    code += "    os.system(f'{request.args['c']}')\n    return {}\n"
    scan = scan_tree(tree({"a.py": code}), results=ResultCache())
    assert "command-injection" in [f.rule_id for f in scan.new]
    assert scan.complete


def test_a_secret_beside_another_weakness_is_not_shown() -> None:
    token = "ghp_" + hashlib.sha256(b"of nobody").hexdigest()[:36]
    code = f"import os\nfrom flask import request\ndef f():\n    os.system(request.args['a'] + '{token}')\n"
    code += f"    eval(x + '{token}')\n"
    cache = ResultCache()
    scan = scan_tree(tree({"a.py": code}), results=cache)
    assert {finding.rule_id for finding in scan.new} >= {"B307", "command-injection", "github-token"}
    assert token not in "".join(finding.model_dump_json() for finding in scan.new)
    assert not any(token.encode() in value for shelf in cache._in_memory.values() for value in shelf.values())
