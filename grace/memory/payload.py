"""What one file says about itself, whatever the rest of the repository: the value kept per git blob.

Names are written as the source has them. An *expression* is a dotted path with calls, `a.b().c`: a root name, then
`.attribute` and `()` steps. What an annotation `x: Foo` promises is written `Foo()`: an instance of it. A collection of
it is `Foo(){}`, a mapping to it `Foo(){:}`; `[]` takes one out by index, `[*]` by iteration.
"""

import json
import re
import struct
import zlib
from enum import IntEnum
from sys import intern
from typing import Any, NamedTuple

FORMAT = 2
"""Raised whenever a parser would say something else of the same blob: what is stored is then parsed anew."""


class SymbolKind(IntEnum):
    """What a definition is; stored as a number."""

    MODULE = 1
    CLASS = 2
    FUNCTION = 3
    METHOD = 4
    VARIABLE = 5
    """A name bound at module level or in the body of a class."""


class Definition(NamedTuple):
    """One symbol of a file."""

    name: str
    kind: SymbolKind
    parent: int
    """Index of the definition around it; -1 for the module, which is definition 0."""
    line: int
    """Where its name is, from 1."""
    first_line: int
    """Decorators included."""
    end_line: int
    signature: str = ""
    """As a reader would want it on one line: `(self, path: str) -> bool`; for a class its bases."""
    doc: str = ""
    """The first line of the docstring, at most 200 characters."""
    complexity: int = 0
    """Cyclomatic complexity (McCabe 1976) of a function; 0 where the word has no meaning."""
    bases: tuple[str, ...] = ()
    """Expressions a class derives from."""
    parameters: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    """Expressions called in its own body (nested definitions have their own), each once."""
    references: tuple[str, ...] = ()
    """Expressions read but not called: bases, decorators, annotations, defaults, callbacks."""
    types: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - a NamedTuple's default, never changed
    """Of a class: attribute -> expressions that give its value; of a module: variable -> the same."""
    returns: tuple[str, ...] = ()
    """Expressions that give what a function returns, as far as annotations and plain returns say."""
    words: dict[str, int] = {}  # noqa: RUF012 - as above
    """How often each word stands in its text, comments and docstring included; see `grace.memory.words`."""


class Import(NamedTuple):
    """One name that an import statement binds."""

    scope: int
    """Index of the definition in whose body it stands."""
    alias: str
    """The name bound; `*` for all of them."""
    level: int
    """Dots of a relative import."""
    module: str
    name: str
    """What is taken from the module; "" for the module itself."""


class Payload(NamedTuple):
    """What one file says."""

    language: str
    definitions: tuple[Definition, ...]
    imports: tuple[Import, ...] = ()
    exports: tuple[str, ...] | None = None
    """`__all__`, where it is written out."""
    lines: int = 0
    problem: str = ""
    """Why only its words are known, "" when it was parsed."""


def encode(payload: Payload) -> bytes:
    """The payload as the database keeps it: its structure, its words and its mentions apart, as they are read."""
    definitions = [definition[:-1] for definition in payload.definitions]
    structure = _packed((payload.language, definitions, *payload[2:]))
    words = _packed([definition.words for definition in payload.definitions])
    return _SIZES.pack(len(structure), len(words)) + structure + words + _mentions(payload)


def decode(data: bytes) -> Payload:
    """The reverse of `encode`, but for the words."""
    language, definitions, imports, exports, lines, problem = json.loads(zlib.decompress(_part(data, 0)))
    return Payload(
        language,
        tuple(map(_definition, definitions)),
        tuple(map(Import._make, imports)),
        None if exports is None else tuple(exports),
        lines,
        problem,
    )


def decode_words(data: bytes) -> list[dict[str, int]]:
    """The words of each definition of an encoded payload."""
    words: list[dict[str, int]] = json.loads(zlib.decompress(_part(data, 1)))
    return words


def decode_mentions(data: bytes) -> bytes:
    """Checksums of the names an encoded payload uses, one after the other; see `checksum`."""
    return _part(data, 2)


def checksum(name: str) -> bytes:
    """Four bytes for a name. Two names may share them: that costs a look, and nothing else."""
    return zlib.crc32(name.encode("utf-8", "surrogatepass")).to_bytes(4, "big")


_NAME = re.compile(r"[^.()\[\]{}*:?]+")
_SIZES = struct.Struct(">II")


def _part(data: bytes, number: int) -> bytes:
    structure, words = _SIZES.unpack_from(data)
    bounds = (_SIZES.size, _SIZES.size + structure, _SIZES.size + structure + words, len(data))
    return data[bounds[number] : bounds[number + 1]]


def _mentions(payload: Payload) -> bytes:
    expressions: set[str] = set()
    names: set[str] = set()
    for one in payload.definitions:
        expressions.update(one.bases, one.calls, one.references, one.returns, *one.types.values())
        names.update(one.parameters)
    for expression in expressions:
        names.update(_NAME.findall(expression))
    for imported in payload.imports:
        names.update(imported.module.replace("/", ".").split("."), (imported.name,))
    return b"".join(map(checksum, sorted(names - {"", "self", "cls", "super", "?"})))


def _packed(value: object) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)


def _definition(fields: list[Any]) -> Definition:
    # Files say the same names again and again: one copy of each is enough.
    fields[1], fields[10], fields[11] = _KINDS[fields[1]], list(map(intern, fields[10])), list(map(intern, fields[11]))
    return Definition(*fields)


_KINDS = {kind.value: kind for kind in SymbolKind}
