"""The rules that are asked find exactly what bandit itself finds, asking all of them everywhere."""

import importlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace.hunter.bandit import triggers
from grace.hunter.bandit.driver import Issue, _rules, _run_as_bandit_does, run_rules
from grace.hunter.bandit.sql_search import SqlSearch
from grace.hunter.python_source import parse

SNIPPETS = dict(
    section.split("\n", 1) for section in Path(__file__).with_name("snippets.txt").read_text("utf-8").split("=== ")[1:]
) | {"a long sum": "x = " + "+".join(f"'select {n} from '" for n in range(40)) + "\n"}
"""By the rule that they are for, or by what else they show."""
REAL = (
    "subprocess",
    "tarfile",
    "ftplib",
    "xmlrpc.client",
    "yaml",
    "httpx._client",
    "jinja2.environment",
    "bandit.core.utils",
)


def facts(issues: list[Issue]) -> list[tuple[object, ...]]:
    return [(i.rule_id, i.text, i.severity, i.confidence, i.cwe, i.line, i.end_line) for i in issues]


def by_the_manager(file: Path) -> list[tuple[object, ...]]:
    """What bandit's own manager finds in a file, with nosec comments ignored as we do."""
    from bandit.core import config, manager

    found = manager.BanditManager(config.BanditConfig(), "file", ignore_nosec=True)
    found.discover_files([str(file)])
    found.run_tests()
    return sorted(
        (
            i.test_id,
            i.text,
            i.severity,
            i.confidence,
            i.cwe.id or None,
            max(1, i.lineno),
            max(1, i.lineno, *i.linerange),
        )
        for i in found.results
    )


def test_this_was_read_from_the_bandit_that_is_installed() -> None:
    """With another, all is found still, but many times slower: read its rules, then say so in `READ_IN`."""
    assert _rules().known


@pytest.mark.parametrize("name", SNIPPETS)
def test_each_rule_finds_what_bandit_finds(name: str, tmp_path: Path) -> None:
    content = SNIPPETS[name].encode()
    file = tmp_path / "a.py"
    file.write_bytes(content)
    issues, crashes = run_rules("a.py", content, parse(content))
    assert sorted(facts(issues)) == by_the_manager(file)
    if name.startswith("B"):
        assert name in {issue.rule_id for issue in issues}
    assert bool(crashes) == (name == "crashes")


def test_every_rule_has_its_snippet() -> None:
    ids = {triggers.rule_id(rule) for rules in _rules().by_kind.values() for rule in rules} - {"B001"}
    assert ids <= set(SNIPPETS)


@pytest.mark.parametrize("module", REAL)
def test_real_files_have_what_bandit_finds(module: str) -> None:
    spec = importlib.import_module(module)
    assert spec.__file__ is not None
    file = Path(spec.__file__)
    issues, crashes = run_rules("a.py", file.read_bytes(), parse(file.read_bytes()))
    assert sorted(facts(issues)) == by_the_manager(file)
    assert not crashes


LINES = st.sampled_from([line for text in SNIPPETS.values() for line in text.splitlines() if line[:1] not in " )'"])


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=12))
def test_any_lines_together_have_what_bandits_own_visitor_finds(lines: list[str]) -> None:
    content = "\n".join(lines).encode()
    try:
        tree, again = parse(content), parse(content)
    except Exception:  # noqa: BLE001 - half of a statement
        return
    issues, crashes = run_rules("a.py", content, tree)
    theirs, their_crashes = _run_as_bandit_does("a.py", content, again, _rules())
    assert facts(issues) == facts(theirs)
    assert len(crashes) == len(their_crashes)


BANDITS_SQL = re.compile(
    r"(select\s.*from\s|delete\s+from\s|insert\s+into\s.*values[\s(]|update\s.*set\s)", re.IGNORECASE | re.DOTALL
)
WORDS = (
    "select ",
    "SELECT\n",
    "from",
    " ",
    "delete",
    "insert",
    "into ",
    "values(",
    "update ",
    "set\t",
    "x",
    "\n",
    "from\u017fet ",
)


@given(st.lists(st.sampled_from(WORDS), max_size=9).map("".join))
def test_sql_is_found_where_bandits_own_expression_finds_it(text: str) -> None:
    assert (SqlSearch().search(text) is None) == (BANDITS_SQL.search(text) is None)


def test_a_text_that_is_made_to_take_long_takes_no_time() -> None:
    content = b"x = '" + b"select insert into update " * 50_000 + b"' + y\n"
    assert run_rules("a.py", content, parse(content)) == ([], [])
