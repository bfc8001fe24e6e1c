"""Every rule of the Python detector, tried on its own examples."""

import re
import tomllib
from functools import cache
from importlib.resources import files

import pytest

from grace.hunter.catalogue import catalogue, rules_of
from grace.hunter.taint import analyse
from grace.hunter.taint.rulebook import DETECTOR, rulebook

RULES = [rule for rule in rules_of(DETECTOR) if "sink" in rule.details]
CASES = [pytest.param(rule, each, id=f"{rule.id}-{at}") for rule in RULES for at, each in enumerate(rule.examples)]
SINKS = [pytest.param(sink, id=f"{rule.id}-{at}") for rule in rulebook().rules for at, sink in enumerate(rule.sinks)]
SENTENCES = re.compile(r"(?s)[A-Z`].*[.)`]")


@cache
def found(code: str) -> frozenset[str]:
    detection = analyse({"app.py": code.encode()})
    assert not detection.failures
    return frozenset(finding.rule_id for finding in detection.findings)


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_a_rule_finds_its_vulnerable_examples_only(rule, example):
    compile(example.code, rule.id, "exec")
    assert (rule.id in found(example.code)) is example.vulnerable


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_both_kinds_of_example(rule):
    assert {example.vulnerable for example in rule.examples} == {True, False}
    assert len({example.code for example in rule.examples}) == len(rule.examples)


@pytest.mark.parametrize("rule", rules_of(DETECTOR), ids=lambda rule: rule.id)
def test_a_rule_says_what_goes_wrong_and_what_to_do(rule):
    assert SENTENCES.fullmatch(rule.why)
    assert SENTENCES.fullmatch(rule.remedy)
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")


def test_a_file_is_called_as_its_rule():
    folder = files("grace.hunter.rules").joinpath(DETECTOR)
    names = {file.name: tomllib.loads(file.read_text("utf-8"))["id"] for file in folder.iterdir()}
    assert names == {f"{rule.id}.toml": rule.id for rule in rules_of(DETECTOR)}
    assert len(catalogue()) == len({rule.id for rule in catalogue().values()})


@pytest.mark.parametrize("sink", SINKS)
def test_a_sink_can_be_met(sink):
    """It has a place, and what has no word of its own says in which functions to look for it."""
    assert sink.call or sink.assign or sink.returned_by or sink.printed
    wordless = [pattern for pattern in sink.call if not re.search(r"\w{3}|in", pattern)]
    if wordless or "in" in sink.call or "" in sink.returned_by:
        assert sink.mentions
    for condition in (*sink.when, *sink.unless):
        for pattern in (condition.matches, condition.names, condition.written, condition.context, condition.around):
            re.compile((pattern or "").replace("{}", "x"))
