"""The containers of the standard library: what their constructors and methods do to shapes."""

import ast
from collections.abc import Mapping, Sequence
from typing import Any, Final

from grace.hunter.taint import text
from grace.hunter.taint.frame import Frame
from grace.hunter.taint.state import Entries, Instance, Items, Shape, contents, together
from grace.hunter.taint.values import ANY, EVERYTHING, NONE, Value, cleaned, constant, derived, join_values

_SEQUENCES: Final = frozenset({"list", "tuple", "set", "frozenset", "collections.deque", "sorted", "reversed"})
_MAPPINGS: Final = frozenset({"dict", "collections.OrderedDict", "collections.defaultdict", "types.SimpleNamespace"})
_BUFFERS: Final = frozenset({"io.StringIO", "io.BytesIO", "StringIO"})
_QUEUES: Final = frozenset(
    {"queue.Queue", "queue.SimpleQueue", "queue.LifoQueue", "queue.PriorityQueue", "asyncio.Queue"}
)


def builtin(
    path: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST, frame: Frame
) -> Value | None:
    """What a function of the standard library makes of its arguments, or None when it is none that is known here."""
    from grace.hunter.taint.access import attribute, element
    from grace.hunter.taint.calls import invoke

    state = frame.here
    first = positional[0] if positional else None
    if path in _SEQUENCES:
        kind = {"tuple": "tuple", "set": "set", "frozenset": "set"}.get(path, "list")
        if first is None:
            return state.allocate(Items((), None, kind), Value(literal=True))
        shape = state.heap.get(first.ref)
        if isinstance(shape, Items) and path not in ("sorted", "reversed"):
            return state.allocate(shape._replace(kind=kind), first)
        return state.allocate(Items((), element(first, frame), kind))
    if path in _MAPPINGS:
        shape = state.heap.get(first.ref) if first is not None else None
        if isinstance(shape, Entries):
            return state.allocate(Entries({**shape.entries, **keywords}, shape.rest))
        rest = (
            state.flat(first) if first is not None and first.callee is None and not first.path[:1].islower() else None
        )
        return state.allocate(Entries(dict(keywords), rest))
    if path in _BUFFERS:
        return state.allocate(Items(tuple(positional[:1]), None, "text"))
    if path in _QUEUES:
        return state.allocate(Items((), None, "list"))
    if path == "configparser.ConfigParser":
        return state.allocate(Entries({}))
    if path == "str" and first is not None:
        return _string(first, frame)
    if path == "range":
        return state.allocate(Items((), Value(literal=all(v.literal for v in positional)), "list"), Value(literal=True))
    if path == "enumerate" and first is not None:
        pair = state.allocate(Items((Value(literal=True), element(first, frame)), None, "tuple"))
        return state.allocate(Items((), pair))
    if path == "zip":
        pair = state.allocate(Items(tuple(element(value, frame) for value in positional), None, "tuple"))
        return state.allocate(Items((), pair))
    if path in ("map", "filter") and len(positional) >= 2 and first is not None:
        result = invoke(first, [element(value, frame) for value in positional[1:]], {}, node, frame)
        if frame.state is None:
            frame.state = state
        if path == "filter":
            result = element(positional[1], frame)
        return frame.here.allocate(Items((), result))
    if path in ("min", "max", "next", "iter") and first is not None:
        return first if path == "iter" else element(first, frame) if len(positional) == 1 else together(positional)
    if path == "getattr" and len(positional) >= 2 and isinstance(positional[1].const, str):
        return attribute(positional[0], positional[1].const, node, frame)
    if path == "setattr" and len(positional) >= 3 and isinstance(positional[1].const, str):
        owner = state.heap.get(positional[0].ref)
        if isinstance(owner, Instance):
            state.heap[positional[0].ref] = Instance({**owner.attributes, positional[1].const: positional[2]}, owner.of)
            return NONE
    if path in ("copy.copy", "copy.deepcopy") and first is not None:
        shape = state.heap.get(first.ref)
        return state.allocate(shape, first) if shape is not None else first
    if path in ("urllib.parse.urljoin", "posixpath.join", "os.path.join") and positional:
        return derived(map(state.flat, positional), path=f"{path}()", prefix=positional[0].prefix)
    if path in ("cast", "typing.cast") and len(positional) == 2:
        return positional[1]
    return None


def _string(value: Value, frame: Frame) -> Value:
    shape = frame.here.heap.get(value.ref) if value.ref else None
    if isinstance(shape, Instance) and (function := shape.method("__str__")) is not None:
        return frame.engine.call(function, (value,), {}, function.node, frame)
    flat = frame.here.flat(value)
    return flat._replace(const=flat.const if isinstance(flat.const, str) else ANY.const, ref=0)


def method(
    owner: Value,
    name: str,
    arguments: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
    frame: Frame,
) -> Value | None:
    """A method of a container or text, or None when it is none that is known."""
    from grace.hunter.taint.access import named_part

    shape = frame.here.heap.get(owner.ref) if owner.ref else None
    if isinstance(shape, Items):
        return (
            _text(owner, shape, name, arguments, frame)
            if shape.kind == "text"
            else _items(owner, shape, name, arguments, frame)
        )
    if isinstance(shape, Entries):
        return _entries(owner, shape, name, arguments, keywords, frame)
    if isinstance(shape, Instance):
        if shape.of is None and name[:3] == "set" and len(arguments) >= 2 and not owner.taints:
            key = arguments[0].const if arguments[0].known else arguments[0].path
            made = Instance({**shape.attributes, f"{name}({key})": arguments[1]}, None)
            frame.here.heap[owner.ref] = made
        return None
    if owner.known and isinstance(owner.const, str | bytes):
        return text.method(owner, name, arguments, keywords, frame.here)
    if name[:3] == "set" and len(name) > 3 and len(arguments) >= 2 and owner.path and isinstance(node, ast.Call):
        _configure(owner, name, arguments, node, frame)
    if (
        name in ("get", "getlist", "getall", "pop")
        and arguments
        and (part := named_part(owner, arguments[0])) is not None
    ):
        kind = keywords.get("type")
        return cleaned(part, EVERYTHING) if kind is not None and text.number_cleans(kind.path) else part
    if owner.taints or owner.literal or owner.prefix:
        return text.method(owner, name, arguments, keywords, frame.here)
    return None


def _configure(owner: Value, name: str, arguments: Sequence[Value], node: ast.Call, frame: Frame) -> None:
    """`parser.setFeature(feature, True)`: what an object from outside was told, kept with it."""
    target = node.func.value if isinstance(node.func, ast.Attribute) else None
    if isinstance(target, ast.Name) and target.id in frame.here.variables and not owner.ref:
        key = arguments[0].const if arguments[0].known else arguments[0].path
        made = Instance({f"{name}({key})": arguments[1]})
        frame.here.variables[target.id] = frame.here.allocate(made, owner)


def _items(owner: Value, shape: Items, name: str, arguments: Sequence[Value], frame: Frame) -> Value | None:
    heap = frame.here.heap
    exact = shape.rest is None
    first = arguments[0] if arguments else ANY
    everything = together(contents(shape))

    def now(changed: Shape) -> Value:
        heap[owner.ref] = changed
        return NONE

    match name:
        case "append" | "put" | "put_nowait" | "add" if arguments:
            if exact:
                return now(shape._replace(items=(*shape.items, first)))
            return now(shape._replace(rest=join_values(shape.rest, first) if shape.rest else first))
        case "appendleft" if arguments and exact:
            return now(shape._replace(items=(first, *shape.items)))
        case "extend" | "update" if arguments:
            other = heap.get(first.ref) if first.ref else None
            if exact and isinstance(other, Items) and other.rest is None:
                return now(shape._replace(items=shape.items + other.items))
            inner = together(contents(other)) if other is not None else frame.here.flat(first)
            return now(Items((), join_values(everything, inner), shape.kind))
        case "insert" if len(arguments) >= 2:
            if exact and isinstance(first.const, int):
                items = list(shape.items)
                items.insert(first.const, arguments[1])
                return now(shape._replace(items=tuple(items)))
            return now(Items((), join_values(everything, arguments[1]), shape.kind))
        case "pop" | "popleft" | "get" | "get_nowait":
            index = 0 if name != "pop" else first.const if arguments else -1
            if exact and isinstance(index, int) and -len(shape.items) <= index < len(shape.items):
                items = list(shape.items)
                popped = items.pop(index)
                now(shape._replace(items=tuple(items)))
                return popped
            return everything
        case "remove":
            if exact and first.known and all(item.known for item in shape.items):
                items = list(shape.items)
                places = [n for n, item in enumerate(items) if item.const == first.const]
                del items[places[0] : places[0] + 1 if places else 0]
                return now(shape._replace(items=tuple(items)))
            return now(Items((), everything, shape.kind)) if shape.items else NONE
        case "clear":
            return now(Items((), None, shape.kind))
        case "reverse" if exact:
            return now(shape._replace(items=shape.items[::-1]))
        case "sort":
            return now(Items((), everything, shape.kind)) if shape.items else NONE
        case "copy":
            return frame.here.allocate(shape, owner)
        case "index" | "count" | "__len__":
            return Value()
    return None


def _text(owner: Value, shape: Items, name: str, arguments: Sequence[Value], frame: Frame) -> Value | None:
    if name in ("write", "writelines") and arguments:
        frame.here.heap[owner.ref] = shape._replace(items=(*shape.items, frame.here.flat(arguments[0])))
        return Value()
    if name in ("getvalue", "read", "getbuffer"):
        return text.joined(shape.items) if shape.items and shape.rest is None else together(contents(shape))
    if name in ("readlines", "readline"):
        return derived(contents(shape))
    if name == "truncate":
        frame.here.heap[owner.ref] = Items((), None, "text")
        return Value()
    return None if name not in ("seek", "close", "flush", "tell") else Value()


def _entries(
    owner: Value,
    shape: Entries,
    name: str,
    arguments: Sequence[Value],
    keywords: Mapping[str, Value],
    frame: Frame,
) -> Value | None:
    heap = frame.here.heap
    everything = together(contents(shape))
    first = arguments[0] if arguments else ANY
    key: Any = first.const if first.known else None

    def other() -> Value:
        fallback = arguments[1] if len(arguments) > 1 else NONE
        return fallback if shape.rest is None else join_values(shape.rest, fallback)

    match name:
        case "get" if len(arguments) == 2 and (key, arguments[1].const) in shape.entries:
            return shape.entries[(key, arguments[1].const)]  # ConfigParser: section and option
        case "get" | "pop" | "setdefault" if arguments:
            if not first.known:
                return join_values(everything, arguments[1]) if len(arguments) > 1 else everything
            found = shape.entries.get(key)
            if name == "pop" and found is not None:
                heap[owner.ref] = Entries({k: v for k, v in shape.entries.items() if k != key}, shape.rest)
            if name == "setdefault" and found is None:
                heap[owner.ref] = Entries({**shape.entries, key: other()}, shape.rest)
            return found if found is not None else other()
        case "set" if len(arguments) == 3 and first.known and arguments[1].known:
            heap[owner.ref] = Entries({**shape.entries, (key, arguments[1].const): arguments[2]}, shape.rest)
            return NONE
        case "add_section" | "has_section" | "has_option":
            return Value()
        case "update":
            given = heap.get(first.ref) if first.ref else None
            if isinstance(given, Entries):
                rest = given.rest if shape.rest is None else shape.rest
                heap[owner.ref] = Entries({**shape.entries, **given.entries, **keywords}, rest)
            elif arguments:
                inner = frame.here.flat(first)
                heap[owner.ref] = Entries({**shape.entries, **keywords}, join_values(everything, inner))
            else:
                heap[owner.ref] = Entries({**shape.entries, **keywords}, shape.rest)
            return NONE
        case "values":
            return frame.here.allocate(Items(tuple(shape.entries.values()), shape.rest))
        case "keys":
            return frame.here.allocate(Items(tuple(map(constant, shape.entries)), shape.rest))
        case "items":
            pairs = [frame.here.allocate(Items((constant(k), v), None, "tuple")) for k, v in shape.entries.items()]
            rest = None
            if shape.rest is not None:
                rest = frame.here.allocate(Items((shape.rest, shape.rest), None, "tuple"))
            return frame.here.allocate(Items(tuple(pairs), rest))
        case "clear":
            heap[owner.ref] = Entries({})
            return NONE
        case "copy":
            return frame.here.allocate(shape, owner)
    return None
