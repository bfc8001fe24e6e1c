"""Which functions are worth evaluating by themselves: those whose words could name a source or a sink.

Words of a function's text decide, comments and strings among them: too many is only slower. What such a function
calls is followed in any case.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from grace.hunter.taint.program import Function, FunctionNode, Module
from grace.hunter.taint.rulebook import Rulebook, Sink

_WORD: Final = re.compile(r"[A-Za-z_]\w*|[+*}?]\)[+*{]")
"""Names, and what repeats in a regular expression that repeats."""
_ITEM: Final = re.compile(r"\['(\w+)'\]")


@dataclass(frozen=True)
class Clue:
    """Words that must all be there for a pattern to match: some in the function, one in its module."""

    last: str
    anchor: str
    package: bool
    """Whether the anchor is a package that must be imported, and no word."""
    among: frozenset[str]
    """One of these as well; empty asks for none."""
    modules: frozenset[str]
    """One of these packages must be imported; empty asks for none."""
    mentions: str
    """A regular expression for one of the words; empty asks for none."""
    purpose: str
    """source, environment, weakness, parameter (a sink worth a note about a parameter) or sink."""


class Clues:
    """The words of a rulebook's patterns."""

    def __init__(self, rules: Rulebook) -> None:
        self._by_last: dict[str, list[Clue]] = {}
        self._expected: dict[str, re.Pattern[str]] = {}
        self._mentioned: dict[str, frozenset[str]] = {}
        for entry in rules.entries:
            for pattern in (*entry.read, *entry.call):
                purpose = "environment" if entry.kind == "environment" else "source"
                if not entry.apart:
                    self._add(pattern, purpose, frozenset(), frozenset(entry.modules))
        for rule in rules.rules:
            for sink in rule.sinks:
                purpose = "weakness" if sink.untrusted is None else "parameter" if rule.parameters else "sink"
                for pattern in (*sink.call, *sink.assign, *("" for kind in sink.returned_by if not kind)):
                    self._add(pattern, purpose, _named(sink), frozenset(sink.modules), sink.mentions)

    def _add(
        self, pattern: str, purpose: str, among: frozenset[str], modules: frozenset[str], mentions: str = ""
    ) -> None:
        if mentions:
            self._expected[mentions] = re.compile(mentions)
        item = _ITEM.search(pattern)
        plain = [part for part in (p.split("(")[0].split("[")[0].lstrip("?*") for p in pattern.split(".")) if part]
        last = item.group(1) if item else next((part for part in reversed(plain) if "*" not in part), "")
        fixed = not pattern.startswith(("*", "?")) and len(plain) > 1
        anchor = plain[0] if fixed else plain[-2] if len(plain) > 1 and not item else ""
        last = last if re.match(r"\w", last) else ""
        self._by_last.setdefault(last, []).append(Clue(last, anchor, fixed, among, modules, mentions, purpose))

    def purposes(self, words: frozenset[str], around: "Surroundings") -> frozenset[str]:
        """What a function of these words could hold, in such a module."""
        found: set[str] = set()
        mentioned = self._mentioned_by(words)
        for last in (*(words & self._by_last.keys()), ""):
            for clue in self._by_last.get(last, ()):
                if clue.purpose in found or (clue.among and clue.among.isdisjoint(words)):
                    continue
                if (clue.mentions or not last) and clue.mentions not in mentioned:
                    continue
                if clue.modules and clue.modules.isdisjoint(around.packages):
                    continue
                if not clue.anchor or clue.anchor in (around.packages if clue.package else around.words):
                    found.add(clue.purpose)
        return frozenset(found)

    def _mentioned_by(self, words: frozenset[str]) -> frozenset[str]:
        known = self._mentioned
        for word in words - known.keys():
            known[word] = frozenset(text for text, regex in self._expected.items() if regex.search(word))
        return frozenset[str]().union(*(known[word] for word in words))


def _named(sink: Sink) -> frozenset[str]:
    """Keywords of which one must be given, when all that the sink asks for are keywords."""
    for condition in sink.when:
        names = condition.argument
        if names and all(isinstance(name, str) and name not in ("receiver", "any", "**") for name in names):
            return frozenset(str(name) for name in names)
    return frozenset()


@dataclass(frozen=True)
class Surroundings:
    """What a function may use that was made elsewhere: in its module, and in those of the program that it imports."""

    words: frozenset[str]
    packages: frozenset[str]


@dataclass(eq=False)
class Words:
    """The words of a module and of each function in it."""

    module: Module

    @cached_property
    def all(self) -> frozenset[str]:
        """Of the whole module."""
        return frozenset(_WORD.findall("\n".join(self.module.lines)))

    def of(self, node: FunctionNode) -> frozenset[str]:
        """Of a function with its decorators."""
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        return frozenset(_WORD.findall("\n".join(self.module.lines[first - 1 : node.end_lineno])))


@dataclass(eq=False)
class Relevance:
    """What functions could hold, each looked at once."""

    clues: Clues
    _known: dict[int, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)

    def of(self, function: Function, words: Words, around: Surroundings) -> tuple[frozenset[str], frozenset[str]]:
        """Its words, and the purposes that they could serve."""
        known = self._known.get(id(function.node))
        if known is None:
            mine = words.of(function.node)
            known = self._known[id(function.node)] = (mine, self.clues.purposes(mine, around))
        return known


def between(words: frozenset[str], near: Iterable[tuple[Function, frozenset[str]]]) -> tuple[bool, list[Function]]:
    """Whether a function could lead from a source in one function to a sink in another, and which it names.

    `near` are the functions that it may call, with their purposes.
    """
    named = [(f, purposes) for f, purposes in near if getattr(f.node, "name", "") in words]
    held = frozenset[str]().union(*(purposes for _, purposes in named))
    return "source" in held and not held.isdisjoint(("sink", "parameter")), [f for f, _ in named]
