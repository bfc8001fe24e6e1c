"""What a scope uses, with the names put in that only the scope itself knows: its locals and those around it."""

import builtins
import re
from collections.abc import Iterable

from grace.memory.python_scope import FUNCTION, METHOD, Scope
from grace.memory.python_types import UNKNOWN, simplify

_MOST_ALTERNATIVES = 3
_LONGEST = 160
_DEEPEST = 50
"""Locals that stand for each other."""
_BUILTINS = frozenset(dir(builtins)) - {"super"}
_CLOSING = frozenset(")]}")
_FIXTURES = ("fixture", "fixture()")


class Names:
    """The names of one file."""

    def __init__(self, module: Scope, *, star: bool) -> None:
        self._dropped = frozenset() if star else _BUILTINS - module.own - module.bound.keys()
        """Roots that lead out of the file for sure."""
        self._outside: dict[str, bool] = {}
        self._depth = 0

    def uses(self, scope: Scope) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Expressions called and expressions read."""
        calls: dict[str, None] = {}
        references: dict[str, None] = {}
        dropped = self._dropped
        meaning: dict[str, tuple[str, ...] | None] = {}
        for raws, into in ((scope.calls, calls), (scope.references, references)):
            for raw in raws:
                end = raw.find(".")
                root, rest = (raw, "") if end < 0 else (raw[:end], raw[end:])
                if root[-1] in _CLOSING:
                    root, rest = _split(raw)
                if root in meaning:
                    known = meaning[root]
                else:
                    known = meaning[root] = () if root == UNKNOWN else self._local(scope, root)
                if known is None:
                    if root not in dropped:
                        into[raw] = None
                elif known:
                    self._put_in(known, rest, into, references)
                elif rest:
                    self._unknown(rest, into, references)
        for raw in scope.implicit:
            root, rest = _split(raw)
            if known := self._local(scope, root):
                self._put_in(known, rest, calls, references)
        for decorator in scope.decorators:
            references[decorator.removesuffix("()")] = None
        return tuple(calls), tuple(one for one in references if one not in calls)

    def values(self, scope: Scope, raws: Iterable[str]) -> tuple[str, ...]:
        """Expressions for what raw ones may be; unknown ones left out."""
        found: dict[str, None] = {}
        for raw in raws:
            root, rest = _split(raw)
            known = self._local(scope, root)
            if known is None:
                if root != UNKNOWN:
                    found[raw] = None
                continue
            for one in known:
                if len(one) + len(rest) <= _LONGEST:
                    found[simplify(one + rest)] = None
        return tuple(found)[:_MOST_ALTERNATIVES]

    def of_self(self, scope: Scope, name: str) -> bool:
        """Whether a name means the instance (or class) that a method belongs to."""
        return self._local(scope, name) in (("self",), ("cls",))

    def _put_in(self, known: tuple[str, ...], rest: str, into: dict[str, None], references: dict[str, None]) -> None:
        """Note a use of what a local name stands for."""
        for one in known:
            if one in ("self", "cls"):
                if rest or into is not references:  # `cls()` makes an instance
                    into[one + rest] = None
                continue
            if (outside := self._outside.get(one)) is None:
                outside = self._outside[one] = _split(one)[0] in self._dropped
            if outside:
                continue
            expression = one + rest
            if one[-1] == "}":
                expression = simplify(expression)
                if expression[-1] == "}" or "}." in expression:
                    continue  # a method of list or dict, or of what comes out of it
            if len(expression) > _LONGEST:
                continue
            if into is references and expression.endswith("()"):
                continue  # a bare instance: where it was made is noted already
            into[expression] = None

    def _unknown(self, rest: str, into: dict[str, None], references: dict[str, None]) -> None:
        parts = rest.split(".")
        if len(parts) < 2:
            return
        *before, last = parts[1:]
        if last.isidentifier() and last[:2] != "__":
            into["?." + last] = None
        for part in before:
            if part.isidentifier() and part[:2] != "__":  # with a call or an index it is noted where that is
                references["?." + part] = None

    def _local(self, scope: Scope, name: str) -> tuple[str, ...] | None:
        """What a local name stands for, () when nobody knows; None for a name that is not local."""
        here: Scope | None = scope
        while here is not None:
            function = here.kind is FUNCTION or here.kind is METHOD
            if (function or here is scope) and name not in here.globals:
                if name in here.known:
                    return here.known[name]
                if name in here.own:
                    return None
                if name in here.hidden:
                    here.known[name] = ()  # a name that stands for itself is unknown
                    raws = (*here.hidden[name], *here.narrowed.get(name, ()))
                    self._depth += 1
                    found = self.values(here, raws) if self._depth < _DEEPEST else ()
                    self._depth -= 1
                    here.known[name] = found or self._parameter_of_test(here, name)
                    return here.known[name]
            here = here.parent
        return None

    @staticmethod
    def _parameter_of_test(scope: Scope, name: str) -> tuple[str, ...]:
        """A test's parameters stand for fixtures, which only the repository knows: they keep their names."""
        asks = scope.name.startswith("test") or any(one.endswith(_FIXTURES) for one in scope.decorators)
        if asks and scope.kind in (FUNCTION, METHOD):
            arguments = scope.node.args
            if any(argument.arg == name for argument in (*arguments.args, *arguments.kwonlyargs)):
                return (name,)
        return ()


def _split(expression: str) -> tuple[str, str]:
    """Root name and steps."""
    root = _root(expression)[0]  # type: ignore[index]  # there is a root
    return root, expression[len(root) :]


_root = re.compile(r"[^.()\[\]{}]*").match
