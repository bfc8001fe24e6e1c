"""Each rule's examples, with the advisories that it brings along."""

import pytest

from grace.contracts import Severity
from grace.hunter.catalogue import rules_of

RULES = {rule.id: rule for rule in rules_of("dependencies")}
EXAMPLES = [(rule, example) for rule in RULES for example in RULES[rule].examples]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_examples_are_judged_as_they_say(findings, name, example):
    rule = RULES[name]
    data = {"date": rule.details["data"]["date"]} if "data" in rule.details else {}
    found = findings({example.path: example.code}, *rule.details.get("advisory", ()), **data)
    assert (name in [each.rule_id for each in found]) is example.vulnerable


def test_what_the_gate_makes_of_each_rule():
    """High with high confidence denies, medium or more of both asks for a vote."""
    graded = {name: (rule.severity, rule.confidence) for name, rule in RULES.items()}
    assert graded == {
        "malicious-dependency": (Severity.HIGH, Severity.HIGH),
        "vulnerable-dependency": (Severity.HIGH, Severity.MEDIUM),
        "dependency-not-audited": (Severity.MEDIUM, Severity.HIGH),
        "advisory-data-stale": (Severity.MEDIUM, Severity.HIGH),
    }
