"""What was found in a file, kept with all that it follows from (verifying traces, after Mokhov, Mitchell and Peyton
Jones, "Build systems a la carte", 2018).

A record of a file holds as long as the functions that its analysis went into have the same text at the same lines,
no import finds a file that it did not find before, and the names of other modules mean what they did. Which text a
function has is kept by content, so that checking the records of a whole tree reads no file of it.
"""

import ast
import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any

from pydantic import ValidationError

from grace.contracts import Finding
from grace.hunter.detection import Judgement
from grace.hunter.taint.interface import Interface
from grace.hunter.taint.program import Module

Outline = Mapping[str, str]
"""Function by qualified name -> digest of its text and place; '' is all of a module that is in none."""


@dataclass(frozen=True)
class Trace:
    """What an answer follows from."""

    used: Mapping[str, Outline] = field(default_factory=dict)
    """Path -> the digests of what was evaluated there."""
    asked: tuple[str, ...] = ()
    """Files that were looked for and not there."""
    names: Mapping[str, Interface] = field(default_factory=dict)
    """Path -> the digests of the globals that were looked up there; empty for what was not there."""

    def holds(self, outlines: Mapping[str, Outline], present: Container[str]) -> bool:
        """Whether looking again would show the same, as long as names mean what they did."""
        for path, parts in self.used.items():
            now = outlines.get(path)
            if now is None or any(now.get(name, "") != digest for name, digest in parts.items()):
                return False
        return not any(path in present for path in self.asked)

    def means_the_same(self, interfaces: Mapping[str, Interface]) -> bool:
        """Whether the names still mean what they did; `interfaces` are those of now."""
        nothing: Interface = {}
        return all(
            interfaces.get(path, nothing).get(name, "") == digest
            for path, names in self.names.items()
            for name, digest in names.items()
        )


@dataclass(frozen=True)
class Record:
    """The answer for one file."""

    findings: tuple[Finding, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    trace: Trace = Trace()

    def packed(self) -> bytes:
        """As it is kept."""
        data = {
            "findings": [finding.model_dump(mode="json", exclude_defaults=True) for finding in self.findings],
            "judgements": [list(asdict(each).values()) for each in self.judgements],
            "failures": dict(self.failures),
            "trace": [self.trace.used, self.trace.asked, self.trace.names],
        }
        return json.dumps({name: value for name, value in data.items() if value}).encode()


def unpacked(kept: bytes) -> Record | None:
    """A record that was kept, None when its bytes are not one."""
    try:
        data = json.loads(kept)
        return Record(
            tuple(Finding.model_validate(finding) for finding in data.get("findings", ())),
            tuple(Judgement(*each) for each in data.get("judgements", ())),
            data.get("failures", {}),
            _trace(data["trace"]),
        )
    except (ValueError, TypeError, AttributeError, KeyError, ValidationError):
        return None


def packed_top(trace: Trace, interface: Interface) -> bytes:
    """What a module shows to others, and what that follows from, as it is kept."""
    return json.dumps([[trace.used, trace.asked, trace.names], interface]).encode()


def unpacked_top(kept: bytes | None) -> tuple[Trace, Interface] | None:
    """The same again, None when there is none or its bytes are not one."""
    try:
        if kept is None:
            return None
        trace, interface = json.loads(kept)
        return _trace(trace), dict(interface)
    except (ValueError, TypeError):
        return None


def _trace(data: Sequence[Any]) -> Trace:
    used, asked, names = data
    return Trace(dict(used), tuple(asked), dict(names))


def unpacked_outline(kept: bytes | None) -> Outline | None:
    """An outline that was kept, None when there is none or its bytes are not one."""
    try:
        found = json.loads(kept) if kept is not None else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def outline(module: Module) -> Outline:
    """The digests of a module's functions and methods, and of the rest."""
    spans: dict[str, tuple[int, int]] = {}
    queue: list[tuple[str, ast.AST]] = [("", module.tree)]
    while queue:
        inside, parent = queue.pop()
        for node in getattr(parent, "body", ()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                spans[f"{inside}{node.name}"] = (first, node.end_lineno or node.lineno)
            elif isinstance(node, ast.ClassDef):
                queue.append((f"{inside}{node.name}.", node))
    found = {name: _digest(first, module.lines[first - 1 : last]) for name, (first, last) in spans.items()}
    inner = {line for first, last in spans.values() for line in range(first + 1, last + 1)}
    rest = [line for number, line in enumerate(module.lines, 1) if number not in inner]
    return {**found, "": _digest(0, rest)}


def _digest(first: int, lines: list[str]) -> str:
    text = f"{first}\0" + "\n".join(lines)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()
