import re

import pytest

from grace.contracts import Severity
from grace.hunter.catalogue import rules_of
from grace.hunter.javascript import detect
from grace.hunter.javascript.rules import rules

RULES = rules_of("javascript")
CASES = [pytest.param(rule, each, id=f"{rule.id}-{at}") for rule in RULES for at, each in enumerate(rule.examples)]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_a_rule_finds_its_vulnerable_examples_only(rule, example):
    detection = detect(example.path, example.code.encode())
    found = {finding.rule_id for finding in detection.findings}
    assert not detection.failures
    assert rule.id in found if example.vulnerable else not found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_goes_wrong_and_what_to_do(rule):
    assert re.fullmatch(r"[A-Z`].*\.", rule.why)
    assert re.fullmatch(r"[A-Z`].*\.", rule.remedy)
    assert rule.title[0].isupper()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_both_kinds_of_example(rule):
    assert {example.vulnerable for example in rule.examples} == {True, False}
    assert rule.cwe


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_only_what_is_understood(rule):
    assert set(rule.details) <= {"kind", "sources", "sink", "setting"}
    sink = {"call", "assign", "attribute", "pollution", "arguments", "fields", "only_fields", "built", "markup", "bare"}
    sink |= {"statement", "response", "extent", "least", "when", "unless", "first", "confidence", "sources"}
    setting = {"called", "assigned", "field", "argument", "values", "beside", "within", "inside"}
    assert all(set(table) <= sink for table in rule.details.get("sink", ()))
    assert all(set(table) <= setting for table in rule.details.get("setting", ()))


def test_what_runs_code_is_denied():
    denied = {rule.id for rule in RULES if rule.severity is rule.confidence is Severity.HIGH}
    runs = {"js-code-injection", "js-command-injection", "js-sql-injection", "js-template-injection"}
    assert denied == runs | {"js-unsafe-deserialization"}


def test_files_without_a_word_of_a_rule_are_not_evaluated():
    assert not rules().words.search(b"const a = 1; console.log(a);")
    assert rules().words.search(b"el.innerHTML = a")
