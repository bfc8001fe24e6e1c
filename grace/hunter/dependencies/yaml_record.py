"""YAML records, built from the events of the parser: quickly, and without the depth that ends a process.

PyYAML's own composer calls itself for each level, in C: a file of a hundred thousand brackets overflows its stack.
All scalars stay text (`fixed: 2.10` is no number), and aliases are refused.
"""

import re
from typing import Any

from grace.hunter.dependencies.source_text import Unreadable

_DEEPEST = 32
_WORD = r"""(?:[A-Za-z0-9.+!_-]+|"[A-Za-z0-9.+!_-]+"|'[A-Za-z0-9.+!_-]+')"""
_LIST = re.compile(rf"^( *)versions:\n((\1(?:  )?- ){_WORD}\n(?:\3{_WORD}\n)*)", re.MULTILINE)
"""A list of versions as programs write it: most of what advisories consist of, and quicker read by itself."""
_UNUSED = re.compile(r"^(?:references|credits):\n(?:[- ].*\n)+", re.MULTILINE)
"""What the audit does not look at. In the first column a key is a key: text is indented there."""


def load(text: str) -> Any:
    """The one document of a text, without its references and credits: mappings, lists, text. Raises Unreadable."""
    lists: dict[str, list[str]] = {}

    def cut(found: re.Match[str]) -> str:
        name = f"list-{len(lists)}"
        lists[name] = [line.strip("\"'") for line in found[2].replace("- ", "").split()]
        return f"{found[1]}versions: {name}\n"

    short = _LIST.sub(cut, _UNUSED.sub("", text))
    try:
        result = _build(short, lists)
    except Unreadable:
        if short == text:
            raise
    else:
        if not lists:  # each was found again where it belongs
            return result
    return _build(text, {})


def _build(text: str, lists: dict[str, list[str]]) -> Any:
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    scalar, mapping, sequence = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
    ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
    result: Any = None
    event: Any
    parents: list[_Parent] = []
    try:
        for event in yaml.parse(text, Loader=loader):
            kind = type(event)
            if kind is scalar:
                value: Any = event.value
            elif kind is mapping:
                value = {}
            elif kind is sequence:
                value = []
            elif kind in ends:
                parents.pop()
                continue
            elif kind is yaml.AliasEvent:
                raise Unreadable("it has references, which advisories do not need")
            else:
                continue
            if parents:
                parents[-1].take(value, lists)
            else:
                result = value
            if kind is not scalar:
                parents.append(_Parent(value))
                if len(parents) > _DEEPEST:
                    raise Unreadable("it is nested too deeply")
    except yaml.YAMLError as error:
        raise Unreadable(f"it is not YAML: {' '.join(str(error).split())[:200]}") from error
    return result


class _Parent:
    """A mapping or list that is being filled."""

    __slots__ = ("_is_list", "_key", "_value")

    def __init__(self, value: Any) -> None:
        self._value = value
        self._is_list = type(value) is list
        self._key: str | None = None

    def take(self, value: Any, lists: dict[str, list[str]]) -> None:
        if self._is_list:
            self._value.append(value)
        elif self._key is None:
            if not isinstance(value, str):
                raise Unreadable("a key is not text")
            self._key = value
        else:
            if self._key == "versions" and isinstance(value, str):
                value = lists.pop(value, value)
            self._value[self._key] = value
            self._key = None
