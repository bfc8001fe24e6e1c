"""The rules that GRACE's own detectors know, one TOML file a rule, with examples that the tests run.

A rule lies at `rules/<detector>/<rule id>.toml`. All rules share the fields of `Rule`; what a detector needs
beyond them (sinks, patterns) stands in tables of its own, which only that detector reads.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import Field

from grace.contracts import Contract, Severity


class Example(Contract):
    """Code that a rule must find something in, or nothing."""

    vulnerable: bool
    code: str
    path: str = Field("", description="Name of the file; without one the detector's usual name.")


class Rule(Contract):
    """A weakness that a detector looks for."""

    id: str
    detector: str
    title: str = Field(description="One line, as a finding shows it.")
    cwe: int | None = None
    severity: Severity
    confidence: Severity = Severity.HIGH
    why: str = Field(description="What goes wrong when it is left as it is.")
    remedy: str = Field(description="What to write instead.")
    examples: tuple[Example, ...] = ()
    details: Mapping[str, Any] = Field(default_factory=dict, description="What only the detector understands.")


@cache
def catalogue() -> Mapping[str, Rule]:
    """Every rule by its id, in the order of detectors and ids."""
    folders = sorted((f for f in files("grace.hunter.rules").iterdir() if f.is_dir()), key=lambda f: f.name)
    rules = (
        _read(folder.name, file.read_text("utf-8"))
        for folder in folders
        for file in sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    )
    return {rule.id: rule for rule in rules}


def rules_of(detector: str) -> tuple[Rule, ...]:
    """The rules of one detector."""
    return tuple(rule for rule in catalogue().values() if rule.detector == detector)


def _read(detector: str, text: str) -> Rule:
    table = tomllib.loads(text)
    known = {name: table.pop(name) for name in Rule.model_fields.keys() & table.keys()}
    return Rule(detector=detector, examples=table.pop("example", ()), details=table, **known)
