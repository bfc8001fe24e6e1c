"""What names hold at a point of an evaluation, and which data a condition has proved harmless there."""

from collections.abc import Mapping
from dataclasses import replace

from grace.hunter.javascript.syntax import CLASSES, Node
from grace.hunter.javascript.values import EVERYTHING, NOTHING, Kinds, Label, Taints, Value, either, is_clean


class Scope:
    """A function, a class or the file."""

    __slots__ = ("content_type", "names", "node", "returned")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.names: dict[str, tuple[Value, int]] = {}
        """Each value with how many branches deep it was declared."""
        self.returned: Value = NOTHING
        self.content_type = ""
        """That a handler set for its response."""


class Scopes:
    """The scopes around the place that is evaluated, and the guards that hold there."""

    def __init__(self, top: Node) -> None:
        self.stack = [Scope(top)]
        self.depth = 0
        self._guards: list[dict[Label, Kinds]] = [{}]

    @property
    def inner(self) -> Scope:
        """The innermost one."""
        return self.stack[-1]

    def get(self, name: str) -> Value | None:
        """What a name holds; None: nothing in the file binds it."""
        for scope in reversed(self.stack):
            if found := scope.names.get(name):
                return found[0]
        return None

    def declare(self, name: str, value: Value) -> None:
        """Bind a new name in the innermost scope."""
        self.inner.names[name] = (value, self.depth)

    def assign(self, name: str, value: Value) -> None:
        """Bind a name again: in a branch it may also keep what it held."""
        for scope in reversed(self.stack):
            if found := scope.names.get(name):
                before, depth = found
                replaced = self.depth <= depth and scope is self.inner
                scope.names[name] = (value if replaced else either(value, before), depth)
                return
        self._home(name).names[name] = (value, self.depth)

    def _home(self, name: str) -> Scope:
        """Where a name lives that nothing declares: a field in its class, a member where it is written."""
        if name.startswith("this."):
            return next((scope for scope in reversed(self.stack) if scope.node.kind in CLASSES), self.inner)
        return self.inner if "." in name else self.stack[0]

    def open_guards(self) -> None:
        """A block begins."""
        self._guards.append({})

    def close_guards(self) -> None:
        """It ends, and with it what was proved in it."""
        self._guards.pop()

    def guard(self, labels: Mapping[Label, Kinds], *, outer: bool = False) -> None:
        """From here to the end of the block, or of the one around it, some data is harmless to some kinds of sinks."""
        held = self._guards[-2 if outer and len(self._guards) > 1 else -1]
        for label, kinds in labels.items():
            held[label] = held.get(label, frozenset()) | kinds

    def proven(self, value: Value) -> Value:
        """The value with what was proved about its data, which it keeps wherever it goes."""
        if not value.taints or not any(self._guards):
            return value
        taints = {}
        for label, taint in value.taints.items():
            kinds = [held[label] for held in self._guards if label in held]
            taints[label] = taint._replace(cleaned=taint.cleaned.union(*kinds)) if kinds else taint
        return replace(value, taints=taints)

    def unguarded(self, taints: Taints, kind: str) -> Taints:
        """What of the data can still do harm to a kind of sink."""
        left = {}
        for label, taint in taints.items():
            if is_clean(taint, kind):
                continue
            proved = (held[label] for held in self._guards if label in held)
            if not any(kind in kinds or kinds >= EVERYTHING for kinds in proved):
                left[label] = taint
        return left
