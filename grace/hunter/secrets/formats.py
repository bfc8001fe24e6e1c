"""Credentials that can be told by their form: one rule a provider, found by keywords first."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from grace.contracts import Severity
from grace.hunter.catalogue import Rule, rules_of
from grace.hunter.secrets.checks import CHECKS, Check
from grace.hunter.secrets.placeholders import is_dummy

DETECTOR = "secrets"
_BEGINS = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))"
"""Not in the midst of a longer word; the escape of a line's end inside a string is no word."""
_ENDS = r"(?![A-Za-z0-9_-])"
_ONES_OWN = "named-credential"


class Format(NamedTuple):
    """The form of one kind of credential."""

    rule: Rule
    keywords: tuple[str, ...]
    """One of them stands in each text that has such a credential."""
    any_case: bool
    """The keywords are in small letters, and the text may have them in others."""
    leading: bool
    """The credential begins with one of the keywords: only there is it looked for."""
    pattern: re.Pattern[str]
    """Its group `secret` is what must not be shown."""
    check: Check | None
    shown: tuple[str, ...]
    """Beginnings that are public: they say which kind it is."""


class Hit(NamedTuple):
    """A secret at a place of a text."""

    rule: Rule
    confidence: Severity
    start: int
    end: int
    shown: str


@cache
def formats() -> tuple[Format, ...]:
    """All formats, in the order of their rules."""
    return tuple(_format(rule) for rule in rules_of(DETECTOR) if "pattern" in rule.details)


@cache
def named_rule() -> Rule:
    """The rule for what only its name gives away."""
    return next(rule for rule in rules_of(DETECTOR) if rule.id == _ONES_OWN)


def credentials(text: str, lower: str) -> Iterator[Hit]:
    """Everything in a provider's format; `lower` is the text in small letters."""
    for form in formats():
        for match in _matches(form, text, lower):
            value = match["secret"]
            if form.check:
                confidence = form.check(match)
            else:
                confidence = None if is_dummy(_tail(value, form)) else form.rule.confidence
            if confidence is not None:
                yield Hit(form.rule, confidence, match.start("secret"), match.end("secret"), _public(value, form))


def _matches(form: Format, text: str, lower: str) -> Iterator[re.Match[str]]:
    if not form.leading:
        searched = lower if form.any_case else text
        if any(keyword in searched for keyword in form.keywords):
            yield from form.pattern.finditer(text)
        return
    for keyword in form.keywords:
        at = text.find(keyword)
        while at >= 0:
            match = form.pattern.match(text, at)
            if match:
                yield match
            at = text.find(keyword, match.end() if match else at + len(keyword))


def _format(rule: Rule) -> Format:
    details = rule.details
    pattern = details["pattern"]
    if "(?P<secret>" not in pattern:
        pattern = f"(?P<secret>{pattern})"
    if details.get("bounded", True):
        pattern = f"{_BEGINS}{pattern}{_ENDS}"
    return Format(
        rule=rule,
        keywords=tuple(details["keywords"]),
        any_case=details.get("any_case", False),
        leading=details.get("leading", False),
        pattern=re.compile(pattern, re.ASCII),
        check=CHECKS[details["check"]] if "check" in details else None,
        shown=tuple(details.get("shown", details["keywords"])),
    )


def _public(value: str, form: Format) -> str:
    """At most four characters of a beginning that all credentials of the kind share."""
    return next((beginning[:4] for beginning in form.shown if value.startswith(beginning)), "")


def _tail(value: str, form: Format) -> str:
    return next((value[len(beginning) :] for beginning in form.shown if value.startswith(beginning)), value)
