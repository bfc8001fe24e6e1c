"""What other modules can see of a module: a digest of each of its globals.

Who imports a name follows from the value behind it, and not from the text that made it: a module that is edited
without another meaning of its names leaves what was found out about others as it was.
"""

from collections.abc import Hashable, Mapping
from hashlib import blake2b
from typing import Final

from grace.hunter.taint.program import Bound, Class, Function, Module
from grace.hunter.taint.state import Entries, Items, Shape, contents
from grace.hunter.taint.values import Value

Interface = Mapping[str, str]
ALL: Final = "*"
"""Stands for all names: `from module import *`."""
PACKAGES: Final = "*packages"
"""Stands for what a module imports."""
_DEEPEST: Final = 5


def interface_of(module: Module, heap: Mapping[int, Shape]) -> Interface:
    """The digests of a module's globals, once its top level has run."""
    variables = module.globals.variables if module.globals is not None else {}
    found = {name: _digest(_picture(value, heap, 0)) for name, value in variables.items()}
    everything = _digest(tuple(sorted(found.items())))
    return {**found, ALL: everything, PACKAGES: _digest(tuple(sorted(module.imports)))}


def _digest(picture: Hashable) -> str:
    return blake2b(repr(picture).encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()


def _picture(value: Value, heap: Mapping[int, Shape], depth: int) -> Hashable:
    """A value without numbers that another run would choose otherwise."""
    labels = tuple(sorted((repr(label), tuple(sorted(kinds))) for label, kinds in value.taints.items()))
    plain = (repr(value.const), repr(value.choices), value.literal, labels, value.path, value.prefix, value.partial)
    return (*plain, _shape(heap.get(value.ref), heap, depth), _callee(value, heap, depth))


def _shape(shape: Shape | None, heap: Mapping[int, Shape], depth: int) -> Hashable:
    if shape is None or depth >= _DEEPEST:
        return type(shape).__name__
    inner = tuple(_picture(each, heap, depth + 1) for each in contents(shape))
    if isinstance(shape, Items):
        return shape.kind, len(shape.items), inner
    if isinstance(shape, Entries):
        return tuple(map(repr, shape.entries)), inner
    return tuple(shape.attributes), inner, shape.of.qualname if shape.of is not None else ""


def _callee(value: Value, heap: Mapping[int, Shape], depth: int) -> Hashable:
    """A function by its place, for its text is compared apart; a class with its members."""
    callee = value.callee
    if isinstance(callee, Bound):
        return _callee(Value(callee=callee.function), heap, depth), len(callee.arguments)
    if isinstance(callee, Function):
        around = tuple(_picture(each, heap, depth + 1) for each in (*callee.decorators, *callee.defaults.values()))
        return callee.module.path, callee.qualname, callee.kind, around if depth < _DEEPEST else ()
    if not isinstance(callee, Class):
        return None
    if depth >= _DEEPEST:
        return callee.module.path, callee.qualname
    bases = tuple(_picture(base, heap, depth + 1) for base in callee.bases)
    members = tuple((name, _picture(member, heap, depth + 1)) for name, member in callee.members.items())
    return callee.module.path, callee.qualname, bases, members
