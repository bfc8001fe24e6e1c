"""Expression -> value."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from grace.hunter.taint import calls, conditions, sinks, text
from grace.hunter.taint.access import attribute, element, hashable, item, lookup, sliced
from grace.hunter.taint.frame import Frame
from grace.hunter.taint.program import Function, FunctionNode
from grace.hunter.taint.state import Entries, Items, State, contents, join, together
from grace.hunter.taint.values import (
    ANY,
    EVERYTHING,
    NONE,
    Value,
    cleaned,
    constant,
    derived,
    join_values,
)

_LARGEST = 10_000


def evaluate(node: ast.expr, frame: Frame) -> Value:
    """What is known of the value of an expression; its effects are in the frame's state."""
    frame.engine.tick()
    return _EVALUATE[type(node)](node, frame)


def _constant(node: ast.Constant, frame: Frame) -> Value:
    return constant(node.value)


def _name(node: ast.Name, frame: Frame) -> Value:
    return lookup(node.id, frame)


def _attribute(node: ast.Attribute, frame: Frame) -> Value:
    return attribute(evaluate(node.value, frame), node.attr, node, frame)


def _subscript(node: ast.Subscript, frame: Frame) -> Value:
    owner = evaluate(node.value, frame)
    if isinstance(node.slice, ast.Slice):
        bounds = [evaluate(e, frame) if e else NONE for e in (node.slice.lower, node.slice.upper, node.slice.step)]
        return sliced(owner, bounds, frame)
    key = evaluate(node.slice, frame)
    if owner.path and not key.known:
        sinks.called(f"{owner.path}[]", owner, (key,), {}, node, frame)
    return item(owner, key, node, frame)


def _binary(node: ast.BinOp, frame: Frame) -> Value:
    left, right = evaluate(node.left, frame), evaluate(node.right, frame)
    if left.taints:
        sinks.operated(node.op, left, right, node, frame)
    if left.known and right.known:
        try:
            if _small(node.op, left.const, right.const):
                return constant(_OPERATORS[type(node.op)](left.const, right.const))
        except Exception:  # noqa: BLE001 - what the program would raise here, whatever it is
            return ANY
    shape, other = frame.here.heap.get(left.ref), frame.here.heap.get(right.ref)
    if isinstance(shape, Items) and isinstance(node.op, ast.Add | ast.BitOr):
        if isinstance(other, Items) and shape.rest is None and other.rest is None:
            return frame.here.allocate(Items(shape.items + other.items, None, shape.kind))
        return frame.here.allocate(Items((), together((*contents(shape), frame.here.flat(right))), shape.kind))
    if isinstance(shape, Entries) and isinstance(other, Entries) and isinstance(node.op, ast.BitOr):
        return frame.here.allocate(Entries({**shape.entries, **other.entries}, shape.rest or other.rest))
    if isinstance(node.op, ast.Mod) and (isinstance(left.const, str | bytes) or left.prefix):
        return text.percent(left, right, frame.here)
    right = frame.here.flat(right)
    path = "pathlib.Path()" if isinstance(node.op, ast.Div) and "pathlib" in left.path + right.path else ""
    if isinstance(node.op, ast.Add):
        return text.joined((left, right), path="")
    if isinstance(node.op, ast.FloorDiv | ast.Mod | ast.Sub | ast.Pow):
        return Value(literal=left.literal and right.literal)
    return derived((left, right), path=path, prefix=left.prefix if path else "")


def _small(op: ast.operator, left: Any, right: Any) -> bool:
    sizes = [len(each) for each in (left, right) if isinstance(each, str | bytes | tuple)]
    numbers = [each for each in (left, right) if isinstance(each, int | float)]
    if isinstance(op, ast.Mult) and sizes:
        return len(numbers) == 1 and sizes[0] * abs(numbers[0]) <= _LARGEST
    if isinstance(op, ast.Pow | ast.LShift):
        return all(abs(number) < 100 for number in numbers)
    return sum(sizes) <= _LARGEST and all(abs(number) < 10**40 for number in numbers)


def _unary(node: ast.UnaryOp, frame: Frame) -> Value:
    value = evaluate(node.operand, frame)
    if isinstance(node.op, ast.Not):
        truth = conditions.truth(value, frame.here)
        known = constant(not truth) if truth is not None else Value(literal=value.literal)
        return known._replace(when_true=value.when_false, when_false=value.when_true)
    if value.known:
        try:
            return constant(_UNARY[type(node.op)](value.const))
        except TypeError:
            return ANY
    return Value(literal=value.literal)


def _boolean(node: ast.BoolOp, frame: Frame) -> Value:
    all_of = isinstance(node.op, ast.And)
    result: Value | None = None
    facts: list[Any] = []
    exits: State | None = None
    for operand in node.values:
        value = evaluate(operand, frame)
        truth = conditions.truth(value, frame.here)
        if truth is (not all_of):
            result = value if result is None else join_values(result, value)._replace(const=ANY.const)
            break
        facts.extend(value.when_true if all_of else value.when_false)
        if truth is None:
            result = value if result is None else join_values(result, value)
            exits = join(exits, frame.here.copy())
            frame.here.guard(value.when_true if all_of else value.when_false)
        elif operand is node.values[-1]:
            result = value if result is None else join_values(result, value)
    frame.state = join(exits, frame.state) if exits is not None else frame.state
    value = result if result is not None else value
    whole = tuple(dict.fromkeys(facts))
    return value._replace(when_true=whole, when_false=()) if all_of else value._replace(when_true=(), when_false=whole)


def _compare(node: ast.Compare, frame: Frame) -> Value:
    left = evaluate(node.left, frame)
    if len(node.ops) > 1:
        rest = [evaluate(operand, frame) for operand in node.comparators]
        return Value(literal=left.literal and all(value.literal for value in rest))
    right = evaluate(node.comparators[0], frame)
    op = node.ops[0]
    sinks.operated(op, left, right, node, frame)
    shape = frame.here.heap.get(right.ref)
    literal = left.literal and right.literal
    if left.known and right.known:
        try:
            return constant(_COMPARISONS[type(op)](left.const, right.const))
        except Exception:  # noqa: BLE001 - what the program would raise here, whatever it is
            return ANY
    if left.known and isinstance(op, ast.In | ast.NotIn) and isinstance(shape, Items | Entries) and shape.rest is None:
        members = shape.items if isinstance(shape, Items) else tuple(map(constant, shape.entries))
        if all(member.known for member in members):
            return constant(any(member.const == left.const for member in members) is isinstance(op, ast.In))
    true, false = conditions.comparison(op, left, right, frame)
    return Value(literal=literal, when_true=true, when_false=false)


def _conditional(node: ast.IfExp, frame: Frame) -> Value:
    test = evaluate(node.test, frame)
    truth = conditions.truth(test, frame.here)
    if truth is not None:
        return evaluate(node.body if truth else node.orelse, frame)
    before = frame.here.copy()
    frame.here.guard(test.when_true)
    yes = evaluate(node.body, frame)
    yes = yes._replace(taints=frame.here.taints_of(yes))
    after = frame.state
    frame.state = before
    frame.here.guard(test.when_false)
    no = evaluate(node.orelse, frame)
    no = no._replace(taints=frame.here.taints_of(no))
    frame.state = join(after, frame.state)
    if yes.ref and no.ref and yes.ref != no.ref:
        merged = together((*map(frame.here.flat, (yes, no)),))
        return merged._replace(ref=yes.ref)
    return join_values(yes, no)


def _formatted(node: ast.JoinedStr, frame: Frame) -> Value:
    return text.joined([evaluate(part, frame) for part in node.values], path="")


def _formatted_value(node: ast.FormattedValue, frame: Frame) -> Value:
    value = frame.here.flat(evaluate(node.value, frame))
    if node.format_spec is not None:
        spec = evaluate(node.format_spec, frame)
        if spec.known and str(spec.const)[-1:] in "dxXobneEfFgG%" and spec.const:
            return derived((value,), cleaned=EVERYTHING)
        if value.known and spec.known and node.conversion == -1:
            try:
                return constant(format(value.const, spec.const))
            except (TypeError, ValueError):
                return ANY
        return derived((value, spec))
    if value.known and len(str(value.const)) < _LARGEST:
        convert: Callable[[Any], str] = {114: repr, 97: ascii}.get(node.conversion, str)
        return constant(convert(value.const))
    if node.conversion in (114, 97):
        value = cleaned(value, text.ONE_LINE)
    return value._replace(const=ANY.const, ref=0)


def _list(node: ast.List | ast.Tuple | ast.Set, frame: Frame) -> Value:
    kind = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}[type(node)]
    items: list[Value] = []
    rest: Value | None = None
    for part in node.elts:
        if isinstance(part, ast.Starred):
            inner = evaluate(part.value, frame)
            shape = frame.here.heap.get(inner.ref)
            if isinstance(shape, Items) and shape.rest is None:
                items.extend(shape.items)
            else:
                rest = together([*([rest] if rest else []), *items, frame.here.flat(inner)])
                items = []
        elif rest is not None:
            rest = join_values(rest, evaluate(part, frame))
        else:
            items.append(evaluate(part, frame))
    return frame.here.allocate(
        Items(tuple(items), rest, kind), Value(literal=not rest and all(i.literal for i in items))
    )


def _dict(node: ast.Dict, frame: Frame) -> Value:
    entries: dict[Any, Value] = {}
    rest: Value | None = None
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = evaluate(value_node, frame)
        if key_node is None:
            shape = frame.here.heap.get(value.ref)
            if isinstance(shape, Entries):
                entries.update(shape.entries)
                value = shape.rest or Value(literal=True)
                if shape.rest is None:
                    continue
            rest = value if rest is None else join_values(rest, value)
            continue
        key = evaluate(key_node, frame)
        if key.known and hashable(key.const):
            entries[key.const] = value
        else:
            value = derived((key, value))
            rest = value if rest is None else join_values(rest, value)
    return frame.here.allocate(Entries(entries, rest))


def _comprehension(node: ast.ListComp | ast.SetComp | ast.GeneratorExp, frame: Frame) -> Value:
    _bind_generators(node.generators, frame)
    kind = "set" if isinstance(node, ast.SetComp) else "list"
    return frame.here.allocate(Items((), evaluate(node.elt, frame), kind))


def _dict_comprehension(node: ast.DictComp, frame: Frame) -> Value:
    _bind_generators(node.generators, frame)
    key, value = evaluate(node.key, frame), evaluate(node.value, frame)
    return frame.here.allocate(Entries({}, derived((key, value))._replace(callee=value.callee)))


def _bind_generators(generators: list[ast.comprehension], frame: Frame) -> None:
    from grace.hunter.taint.assignment import assign

    for generator in generators:
        assign(generator.target, element(evaluate(generator.iter, frame), frame), frame)
        for condition in generator.ifs:
            test = evaluate(condition, frame)
            frame.here.guard(test.when_true)


def _lambda(node: ast.Lambda, frame: Frame) -> Value:
    closure = frame.here if frame.function is not None else None
    qualname = f"{frame.symbol}.<lambda>".lstrip(".")
    return Value(callee=Function(frame.module, node, qualname, closure=closure, defaults=defaults(node, frame)))


def defaults(node: FunctionNode, frame: Frame) -> dict[str, Value]:
    """What parameters are when they are not given, by name: as it is where the function is defined."""
    spec = node.args
    positional = (*spec.posonlyargs, *spec.args)
    named = zip((a.arg for a in positional[len(positional) - len(spec.defaults) :]), spec.defaults, strict=True)
    keywords = ((a.arg, default) for a, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if default)
    return {name: evaluate(default, frame) for name, default in (*named, *keywords)}


def _call(node: ast.Call, frame: Frame) -> Value:
    return calls.call(node, frame)


def _await(node: ast.Await | ast.Starred, frame: Frame) -> Value:
    return evaluate(node.value, frame)


def _yield(node: ast.Yield, frame: Frame) -> Value:
    if node.value is not None:
        frame.yielded.append(evaluate(node.value, frame))
    return ANY


def _yield_from(node: ast.YieldFrom, frame: Frame) -> Value:
    frame.yielded.append(element(evaluate(node.value, frame), frame))
    return ANY


def _walrus(node: ast.NamedExpr, frame: Frame) -> Value:
    value = frame.step(node, evaluate(node.value, frame))
    frame.here.variables[node.target.id] = value
    return value


def _slice(node: ast.Slice, frame: Frame) -> Value:
    return ANY


_OPERATORS: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitOr: operator.or_, ast.BitAnd: operator.and_, ast.BitXor: operator.xor,
}  # fmt: skip
_UNARY: Final[Mapping[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Invert: operator.invert,
}  # fmt: skip
_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_EVALUATE: Final[Mapping[type[ast.expr], Callable[[Any, Frame], Value]]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript,
    ast.BinOp: _binary, ast.UnaryOp: _unary, ast.BoolOp: _boolean, ast.Compare: _compare, ast.IfExp: _conditional,
    ast.JoinedStr: _formatted, ast.FormattedValue: _formatted_value, ast.List: _list, ast.Tuple: _list,
    ast.Set: _list, ast.Dict: _dict, ast.ListComp: _comprehension, ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension, ast.DictComp: _dict_comprehension, ast.Lambda: _lambda, ast.Call: _call,
    ast.Await: _await, ast.Starred: _await, ast.Yield: _yield, ast.YieldFrom: _yield_from,
    ast.NamedExpr: _walrus, ast.Slice: _slice,
}  # fmt: skip
