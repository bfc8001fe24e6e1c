import re

import pytest

from grace.contracts import Severity
from grace.hunter.catalogue import rules_of
from grace.hunter.secrets import examples
from grace.hunter.secrets.examples import TOKEN, token
from grace.hunter.secrets.formats import formats

RULES = rules_of("secrets")
CASES = [
    pytest.param(rule, example, id=f"{rule.id}-{at}") for rule in RULES for at, example in enumerate(examples(rule))
]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_a_rule_finds_its_vulnerable_examples_only(rule, example, found):
    assert (rule.id in found(example.code, example.path or "app.py")) is example.vulnerable


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_goes_wrong_and_what_to_do(rule):
    assert re.fullmatch(r"[A-Z`].*\.", rule.why)
    assert re.fullmatch(r"[A-Z`].*\.", rule.remedy)
    assert not rule.title.endswith(".")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_both_kinds_of_example(rule):
    assert {example.vulnerable for example in rule.examples} == {True, False}
    assert rule.cwe == 798


def test_no_token_lies_in_the_repository(found):
    """The files of the rules, read as they are, have nothing in them that this detector or another would report."""
    for rule in RULES:
        assert rule.details["shape"]
        for example in rule.examples:
            assert not example.vulnerable or TOKEN in example.code
            assert rule.id not in found(example.code, example.path or "app.py") or not example.vulnerable


def test_patterns_are_bounded():
    """Nothing repeats without limit: no text, however made, is read many times over."""
    unlimited = re.compile(r"(?<!\\)(?:[*+]|\{\d+,\})(?![^\[]*\])")
    assert not [
        form.rule.id for form in formats() if unlimited.search(re.sub(r"\[[^\]]*\]|\\.", "", form.pattern.pattern))
    ]


def test_a_shape_is_drawn_from_its_seed_alone():
    assert token("ab_<base62:20>", "1") == token("ab_<base62:20>", "1") != token("ab_<base62:20>", "2")


def test_only_what_nobody_can_mistake_is_high():
    by_id = {rule.id: rule for rule in RULES}
    assert by_id["named-credential"].severity is by_id["named-credential"].confidence is Severity.MEDIUM
    assert by_id["github-token"].confidence is Severity.HIGH
    assert by_id["json-web-token"].confidence is Severity.MEDIUM
