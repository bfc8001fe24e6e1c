import re
from pathlib import Path

import pytest

from grace.contracts import Verdict
from grace.errors import InputError
from grace.governance import parse_policy, policy_version
from grace.governance.policy_file import Rule, When

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "policy.md").read_text()
EXAMPLES = re.findall(r"(?ms)^```toml\n(.*?)^```$", PAGE)


def parse(text):
    return parse_policy(text.encode(), "policy.toml")


def rule(lines):
    return f'version = 1\n[[rule]]\nname = "one"\n{lines}\n'


def complaint(text):
    with pytest.raises(InputError) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_page_are_policies_without_warnings(example):
    policy = parse(example)
    assert len(policy.rules) == 3
    assert not list(policy.warnings())


def test_the_page_lists_every_key_and_every_condition():
    rules, conditions = (PAGE.partition(title)[2].partition("\n## ")[0] for title in ("## Rules", "## Conditions"))
    assert re.findall(r"(?m)^\| `(\w+)`", rules) == list(Rule.model_fields)
    assert re.findall(r"(?m)^\| `(\w+)`", conditions) == list(When.model_fields)


def test_a_rule_says_what_happens_and_who_votes_until_when():
    first = parse(EXAMPLES[0]).rules[0]
    assert (first.then, first.votes, first.roles) == (Verdict.REVIEW, 2, ("maintainer",))
    assert first.within == 3 * 24 * 3600


@pytest.mark.parametrize(("written", "seconds"), [("90m", 5400), ("12h", 43200), ("3d", 259200)])
def test_durations(written, seconds):
    assert parse(rule(f'then = "review"\nwithin = "{written}"')).rules[0].within == seconds


@pytest.mark.parametrize("written", ['"3 days"', '"0h"', '"-1h"', '"1.5h"', '"d"', '""', "3600", '"99999d"'])
def test_what_is_no_duration_is_refused_with_an_example(written):
    assert 'within: write minutes, hours or days, as in "90m"' in complaint(
        rule(f'then = "review"\nwithin = {written}')
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "version: is missing"),
        ("version = 2", "version: write version = 1"),
        ("version = 1\nversion = 1\n", "at line 2"),
        ("version = 1\n[[rules]]", "rules: unknown key (did you mean rule?)"),
        ('version = 1\n[rule]\nname = "one"', "rule: write [[rule]], with two brackets"),
        ("version = 1\nrule = [1]", "rule 1: write a table"),
        (rule(""), "rule 1 ('one'), then: is missing"),
        ('version = 1\n[[rule]]\nthen = "deny"', "rule 1, name: is missing"),
        (rule('then = "alow"'), "then: 'alow' is not known; it should be 'allow', 'review' or 'deny'"),
        (rule('then = "deny"\nwhen = { path = ["a"] }'), "when.path: unknown key (did you mean paths?)"),
        (rule('then = "deny"\nwhen = { x = 1 }'), "when.x: unknown key (known are workflow, requested_by, paths"),
        (rule('then = "deny"\nwhen = { paths = "a" }'), 'when.paths: write a list, as in ["..."]'),
        (rule('then = "deny"\nwhen = { paths = [] }'), "when.paths: name at least one"),
        (rule('then = "deny"\nwhen = { paths = ["!a"] }'), "when.paths: write a path as in .gitignore"),
        (rule("then = \"deny\"\nwhen = { only_paths = ['a\\b'] }"), "when.only_paths: write a path as in .gitignore"),
        (rule('then = "deny"\nwhen = { workflow = ["bugs"] }'), "when.workflow: 'bugs' is not known"),
        (rule('then = "deny"\nwhen = { touches = ["secrets"] }'), "when.touches: 'secrets' is not known"),
        (rule('then = "deny"\nwhen = { lines_changed_at_most = "20" }'), "should be a valid integer"),
        (rule('then = "deny"\nwhen = { lines_changed_at_most = true }'), "should be a valid integer"),
        (rule('then = "deny"\nwhen = { risk_at_least = "high", risk_at_most = "low" }'), "no risk is at least high"),
        (
            rule('then = "deny"\nwhen = { lines_changed_at_least = 3, lines_changed_at_most = 2 }'),
            "no change has at least 3",
        ),
        (rule('then = "allow"\nvotes = 2\nwithin = "3d"'), 'votes, within can only be given with then = "review"'),
        (rule('then = "review"\nvotes = 0'), "votes: should be greater than or equal to 1"),
        ('version = 1\n[[rule]]\nname = "a\\nb"\nthen = "deny"', "name: write it on one line"),
        (rule('then = "deny"\n[[rule]]\nname = "one"\nthen = "deny"'), "two rules are called 'one'"),
        ('version = 1\n"\\u001b[2J" = 1', r"'\x1b[2J': unknown key"),
        (f"x = {'[' * 100_000}", "nested too deeply"),
        (f"version = {'9' * 5000}", "digits"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, words):
    said = complaint(text)
    assert words in said
    assert said.startswith("policy.toml is no policy: ")


def test_everything_that_is_wrong_is_said_at_once():
    said = complaint(rule('then = "maybe"\nvotes = "2"'))
    assert "then: " in said and "votes: " in said


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(InputError, match="utf-8"):
        parse_policy(b"\xff", "policy.toml")


def test_an_editors_byte_order_mark_and_line_ends_do_no_harm():
    assert parse_policy(b"\xef\xbb\xbfversion = 1\r\n", "policy.toml").rules == ()


@pytest.mark.parametrize(
    ("earlier", "later", "warned"),
    [
        ("", 'workflow = ["fix_bug"]', True),
        ("", "", True),
        ('paths = ["a"]', 'paths = ["a"]', True),
        ('paths = ["a"]', 'paths = ["a"], risk_at_most = "low"', True),
        ('paths = ["a"], risk_at_most = "low"', 'paths = ["a"]', False),
        ('paths = ["a"]', 'paths = ["b"]', False),
        ('paths = ["a"]', "", False),
    ],
)
def test_a_rule_that_an_earlier_one_leaves_nothing_for_is_warned_of(earlier, later, warned):
    written = [
        f'[[rule]]\nname = "{n}"\nwhen = {{ {when} }}\nthen = "deny"\n' for n, when in enumerate((earlier, later))
    ]
    warnings = list(parse("version = 1\n" + "".join(written)).warnings())
    assert warnings == (["'1' can never match: '0' comes first and matches all that it would"] if warned else [])


def test_allowing_by_one_path_is_warned_of_since_the_change_may_edit_others():
    text = rule('then = "allow"\nwhen = { paths = ["docs/**"] }')
    assert "only_paths" in next(parse(text).warnings())
    assert not list(parse(text.replace("paths", "only_paths")).warnings())


def test_the_version_names_the_very_bytes():
    assert policy_version(b"version = 1") == ".grace/policy.toml@4eab33c0b9ba"
    assert policy_version(b"version = 1\n") != policy_version(b"version = 1")
