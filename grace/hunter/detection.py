"""What a detector says about files: its findings, what it judged, and what it could not read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from grace.contracts import Finding

Verdict = Literal["constant", "clean", "unknown", "untrusted"]
"""What reaches a dangerous call: literals, what is checked or escaped, what is not known, or untrusted data."""
HARMLESS: Final[Mapping[str, str]] = {
    "constant": "what reaches it is built of constants",
    "clean": "what reaches it is checked, escaped or passed where nothing interprets it",
}
"""The verdicts that are a proof, and how they are told."""


@dataclass(frozen=True)
class Judgement:
    """A dangerous call, and the worst that was seen to reach it."""

    path: str
    line: int
    end_line: int
    symbol: str
    cwe: int
    verdict: Verdict


@dataclass(frozen=True)
class Detection:
    """What a detector saw in some files, and why it saw nothing in others."""

    findings: tuple[Finding, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    """Path -> reason, for files it could not analyse to the end."""
    judgements: tuple[Judgement, ...] = ()
