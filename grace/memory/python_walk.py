"""One pass over the tree of a Python file: which names every scope uses, binds and defines, as written.

The walk keeps its own stack, so that no nesting of the input is too deep for it, and one scope is walked at a time.
What a local name stands for is known only when all of its function was seen; `python_names` puts that in afterwards.
"""

import ast
from collections.abc import Callable
from typing import Any

from grace.memory.payload import Import, SymbolKind
from grace.memory.python_bindings import Binder
from grace.memory.python_scope import CLASS, FUNCTION, METHOD, MODULE, Scope
from grace.memory.python_types import (
    UNKNOWN,
    annotated,
    literal,
    parse_annotation,
    path_of,
    simplify,
    special_call,
    value_of,
)

Function = ast.FunctionDef | ast.AsyncFunctionDef
_MOST_STEPS = 12


class Walk(Binder):
    """What a walk found."""

    def __init__(self, tree: ast.Module) -> None:
        super().__init__()
        self.scopes: list[Scope] = []
        self.imports: list[Import] = []
        module = self._open(MODULE, "", tree, None)
        self._pending = [module]
        while self._pending:
            scope = self._pending.pop()
            self._scope = scope
            self._stack[:] = scope.node.body[::-1]
            self._run(scope)

    def _open(self, kind: SymbolKind, name: str, node: ast.AST, parent: Scope | None) -> Scope:
        scope = Scope(len(self.scopes), kind, name, node, parent)
        self.scopes.append(scope)
        if parent is not None:
            parent.children.append(scope)
        return scope

    def _run(self, scope: Scope) -> None:
        """Walk one scope to its end; the branches stand in order of how frequent they are."""
        stack = self._stack
        pop, push, extend = stack.pop, stack.append, stack.extend
        calls, references = scope.calls, scope.references
        plain, special, builtin_calls = _FIELDS, _SPECIAL, _BUILTIN_CALLS
        node: Any
        while stack:
            node = pop()
            kind = node.__class__
            if kind is ast.Name:
                references[node.id] = None
            elif kind is ast.Constant:
                continue
            elif kind is ast.Call:
                for argument in node.args:
                    if argument.__class__ is ast.Name:
                        references[argument.id] = None
                    elif argument.__class__ is not ast.Constant:
                        push(argument)
                for keyword in node.keywords:
                    argument = keyword.value
                    if argument.__class__ is ast.Name:
                        references[argument.id] = None
                    elif argument.__class__ is not ast.Constant:
                        push(argument)
                function = node.func
                kind = function.__class__
                if kind is ast.Name:
                    calls[function.id] = None
                    if function.id in builtin_calls:
                        self._builtin_call(node, function.id)
                elif kind is ast.Attribute:
                    if function.value.__class__ is ast.Name:
                        calls[f"{function.value.id}.{function.attr}"] = None
                        if function.attr == "extend" and function.value.id == "__all__":
                            self._export(node.args[:1])
                    else:
                        self._path(function, calls)
                else:
                    self._path(function, calls)
            elif kind is ast.Attribute:
                if node.value.__class__ is ast.Name:
                    references[f"{node.value.id}.{node.attr}"] = None
                else:
                    self._path(node, references)
            elif kind is ast.Expr:
                push(node.value)
            elif kind is ast.Assign:
                value = node.value
                push(value)
                for target in node.targets:
                    self._bind(target, value)
            elif kind is ast.Subscript:
                if node.value.__class__ is ast.Name:
                    push(node.slice)
                    references[node.value.id + "[]"] = None
                else:
                    self._path(node, references)
            else:
                fields = plain.get(kind)
                if fields is None:
                    handle = special.get(kind)
                    if handle is not None:
                        handle(self, node)
                        continue
                    plain[kind] = fields = kind._fields  # syntax newer than this file
                for field in fields:
                    child = getattr(node, field)
                    if child.__class__ is list:
                        extend(child[::-1])
                    elif child is not None:
                        push(child)

    def _path(self, node: Any, into: dict[str, None]) -> None:
        """Note a longer expression, and the calls and attributes on its way."""
        scope = self._scope
        push = self._stack.append
        steps: list[str] = []
        while True:
            kind = node.__class__
            if kind is ast.Attribute:
                steps.append("." + node.attr)
                node = node.value
            elif kind is ast.Name:
                text = node.id
                break
            elif kind is ast.Call:
                if (replaced := special_call(node)) is not None:
                    text = replaced
                    if text != "super()":
                        push(node)
                    break
                self._stack.extend(node.args)
                for keyword in node.keywords:
                    push(keyword.value)
                steps.append("()")
                node = node.func
            elif kind is ast.Subscript:
                push(node.slice)
                steps.append("[]")
                node = node.value
            elif kind is ast.Await:
                node = node.value
            else:
                push(node)
                values = value_of(node)
                text = values[0] if values else literal(node)
                break
        if not steps:
            into[text] = None
            return
        if len(steps) > _MOST_STEPS:  # long chains of a builder: the beginning tells most
            del steps[:-_MOST_STEPS]
            into = scope.references
        steps.reverse()
        last = len(steps) - 1
        for position, step in enumerate(steps):
            if step == "()":
                scope.calls[text] = None
            text = simplify(text + step)
            if position == last:
                into[text] = None

    def _builtin_call(self, node: ast.Call, name: str) -> None:
        if name == "isinstance":
            self._narrow(node)
        elif node.args:
            self._implicit(node.args[0], _BUILTIN_CALLS[name])

    def _compare(self, node: ast.Compare) -> None:
        self._stack.append(node.left)
        self._stack += node.comparators
        operator = node.ops[0].__class__
        if operator is ast.In or operator is ast.NotIn:
            self._implicit(node.comparators[0], "__contains__")
        elif operator in _OPERATORS:
            self._implicit(node.left, _OPERATORS[operator])

    def _binary(self, node: ast.BinOp) -> None:
        self._stack.append(node.left)
        self._stack.append(node.right)
        if node.left.__class__ is ast.Name and node.op.__class__ in _OPERATORS:
            self._implicit(node.left, _OPERATORS[node.op.__class__])

    def _define(self, node: Any, kind: SymbolKind) -> Scope:
        """Open a scope to be walked later; decorators belong to this one."""
        scope = self._scope
        scope.own.add(node.name)
        inner = self._open(kind, node.name, node, scope)
        for decorator in node.decorator_list:
            path = path_of(decorator)
            if path[0] != UNKNOWN:
                inner.decorators.append(path)
            if decorator.__class__ is ast.Call:
                self._stack.append(decorator)
                scope.calls[path] = None
            else:
                self._path(decorator, scope.calls)
        self._pending.append(inner)
        return inner

    def _function(self, node: Function) -> None:
        inner = self._define(node, METHOD if self._scope.kind is CLASS else FUNCTION)
        signature = node.args
        self._annotation(node.returns)
        self._stack.extend(signature.defaults)
        self._stack.extend(default for default in signature.kw_defaults if default is not None)
        bound = inner.bound
        positional = signature.posonlyargs + signature.args
        for argument in positional:
            bound[argument.arg] = self._parameter(argument)
        for argument in signature.kwonlyargs:
            bound[argument.arg] = self._parameter(argument)
        if signature.vararg is not None:
            bound[signature.vararg.arg] = [one + "{}" for one in self._parameter(signature.vararg)] or ["tuple()"]
        if signature.kwarg is not None:
            bound[signature.kwarg.arg] = [one + "{:}" for one in self._parameter(signature.kwarg)] or ["dict()"]
        defaults: list[tuple[ast.arg, ast.expr | None]] = [
            *zip(signature.kwonlyargs, signature.kw_defaults, strict=True)
        ]
        if signature.defaults:
            defaults += zip(positional[-len(signature.defaults) :], signature.defaults, strict=True)
        for argument, default in defaults:
            if default is not None and argument.annotation is None:
                bound[argument.arg] += [one for one in value_of(default) if one not in _VAGUE_DEFAULTS]
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "attr", "") == "parametrize":
                self._parametrize(decorator.args, bound)
        if inner.kind is METHOD and positional and "staticmethod" not in inner.decorators:
            of_class = "classmethod" in inner.decorators or node.name in _CLASS_METHODS
            inner.known[positional[0].arg] = ("cls",) if of_class else ("self",)

    @staticmethod
    def _parametrize(arguments: list[ast.expr], bound: dict[str, list[str]]) -> None:
        """What pytest fills parameters with, where it is written out."""
        if len(arguments) < 2 or not isinstance(arguments[1], ast.List | ast.Tuple):
            return
        titles = arguments[0].elts if isinstance(arguments[0], ast.List | ast.Tuple) else arguments[:1]
        text = ",".join(str(getattr(title, "value", "")) for title in titles)
        names = [name.strip() for name in text.split(",")]
        for row in arguments[1].elts[:_MOST_ROWS]:
            cells: list[ast.expr] = (
                row.args if isinstance(row, ast.Call) and path_of(row) == "pytest.param()" else [row]
            )
            if len(names) > 1 and isinstance(row, ast.Tuple):
                cells = row.elts
            for name, cell in zip(names, cells, strict=False):
                if name in bound and isinstance(cell, ast.Name | ast.Attribute | ast.Call):
                    bound[name] += value_of(cell)

    def _parameter(self, argument: ast.arg) -> list[str]:
        if argument.annotation is None:
            return []
        self._annotation(argument.annotation)
        return annotated(argument.annotation)

    def _annotation(self, node: ast.expr | None) -> None:
        if node is None:
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = parse_annotation(node.value)
        if node is not None:
            self._stack.append(node)

    def _class(self, node: ast.ClassDef) -> None:
        inner = self._define(node, CLASS)
        self._stack.extend(node.bases)
        for keyword in node.keywords:
            self._stack.append(keyword.value)
            if keyword.arg == "metaclass":
                inner.bound["__class__"] = [path_of(keyword.value)]

    def _import(self, node: ast.Import) -> None:
        scope = self._scope
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            scope.own.add(name)
            self.imports.append(Import(scope.index, name, 0, alias.name, ""))

    def _import_from(self, node: ast.ImportFrom) -> None:
        scope = self._scope
        for alias in node.names:
            name = alias.asname or alias.name
            if name != "*":
                scope.own.add(name)
            self.imports.append(Import(scope.index, name, node.level, node.module or "", alias.name))

    def _annotated_assign(self, node: ast.AnnAssign) -> None:
        self._annotation(node.annotation)
        expressions = annotated(node.annotation)
        if node.value is not None:
            self._stack.append(node.value)
            expressions = expressions or value_of(node.value)
            if isinstance(node.target, ast.Name) and node.target.id == "__all__":
                self._export([node.value])
        self._bind_to(node.target, expressions)

    def _augmented_assign(self, node: ast.AugAssign) -> None:
        self._stack.append(node.value)
        if isinstance(node.target, ast.Name):
            if node.target.id == "__all__":
                self._export([node.value])
            self._scope.references[node.target.id] = None
            self._name(node.target, [])
        else:
            self._stack.append(node.target)

    def _named_expression(self, node: ast.NamedExpr) -> None:
        self._stack.append(node.value)
        self._bind(node.target, node.value)

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            self._stack.append(node.value)
            if len(self._scope.returns) < 4:
                self._scope.returns += value_of(node.value)

    def _yield(self, node: ast.Yield) -> None:
        if node.value is not None:
            self._stack.append(node.value)
            if len(self._scope.yields) < 4:
                self._scope.yields += value_of(node.value)

    def _for(self, node: ast.For) -> None:
        self._scope.complexity += 1
        self._stack += node.orelse[::-1]
        self._stack += node.body[::-1]
        self._stack.append(node.iter)
        self._iterated(node.iter)
        self._elements(node.target, node.iter, self._bind_to)

    def _iterated(self, source: ast.expr) -> None:
        if isinstance(source, ast.Name | ast.Attribute):
            self._scope.references[path_of(source) + "[*]"] = None

    def _comprehension(self, node: Any) -> None:
        push = self._stack.append
        for generator in node.generators:
            self._scope.complexity += 1 + len(generator.ifs)
            push(generator.iter)
            self._iterated(generator.iter)
            self._stack += generator.ifs
            self._elements(generator.target, generator.iter, self._hide)
        if node.__class__ is ast.DictComp:
            push(node.key)
            push(node.value)
        else:
            push(node.elt)

    def _lambda(self, node: ast.Lambda) -> None:
        signature = node.args
        self._stack.append(node.body)
        self._stack.extend(signature.defaults)
        self._stack.extend(default for default in signature.kw_defaults if default is not None)
        names = signature.posonlyargs + signature.args + signature.kwonlyargs
        for argument in (*names, signature.vararg, signature.kwarg):
            if argument is not None:
                self._scope.hidden.setdefault(argument.arg, [])

    def _with(self, node: ast.With) -> None:
        self._stack += node.body[::-1]
        enter, leave = (".__aenter__", ".__aexit__") if isinstance(node, ast.AsyncWith) else (".__enter__", ".__exit__")
        for item in node.items:
            self._stack.append(item.context_expr)
            values = value_of(item.context_expr)
            for value in values:
                self._scope.calls[simplify(value + enter)] = None
                self._scope.calls[simplify(value + leave)] = None
            if item.optional_vars is not None:
                self._bind_to(item.optional_vars, [simplify(value + ".__enter__()") for value in values])

    def _except(self, node: ast.ExceptHandler) -> None:
        self._scope.complexity += 1
        self._stack += node.body[::-1]
        if node.type is None:
            return
        self._stack.append(node.type)
        if node.name:
            choices = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            expressions = [path_of(choice) + "()" for choice in choices[:3]]
            self._scope.hidden.setdefault(node.name, []).extend(expressions)

    def _branch(self, node: Any) -> None:
        self._scope.complexity += 1
        for field in ("orelse", "body"):
            child = getattr(node, field)
            if child.__class__ is list:
                self._stack += child[::-1]
            else:
                self._stack.append(child)
        self._stack.append(node.test)

    def _choice(self, node: ast.BoolOp) -> None:
        self._scope.complexity += len(node.values) - 1
        self._stack += node.values

    def _match(self, node: ast.Match) -> None:
        scope = self._scope
        subject = path_of(node.subject)
        self._stack.append(node.subject)
        for case in node.cases:
            scope.complexity += 1
            self._stack += case.body[::-1]
            if case.guard is not None:
                self._stack.append(case.guard)
            patterns: list[ast.AST] = [case.pattern]
            while patterns:
                pattern = patterns.pop()
                expressions: list[str] = []
                inner = getattr(pattern, "pattern", pattern)
                if isinstance(inner, ast.MatchClass):
                    expressions = [path_of(inner.cls) + "()"]
                    if pattern is case.pattern and isinstance(node.subject, ast.Name):
                        self._narrow_to(subject, inner.cls)
                for name in (getattr(pattern, "name", None), getattr(pattern, "rest", None)):
                    if name:
                        scope.hidden.setdefault(name, []).extend(expressions)
                for child in ast.iter_child_nodes(pattern):
                    (self._stack if isinstance(child, ast.expr) else patterns).append(child)

    def _global(self, node: ast.Global | ast.Nonlocal) -> None:
        self._scope.globals.update(node.names)

    def _delete(self, node: ast.Delete) -> None:
        self._stack += [target for target in node.targets if not isinstance(target, ast.Name)]


_BUILTIN_CALLS = {
    "isinstance": "",
    **{name: f"__{name}__" for name in ("len", "str", "repr", "iter", "next", "bool", "hash", "abs", "int", "float")},
    **{name: f"__{name}__" for name in ("bytes", "reversed", "round", "format", "dir")},
    **dict.fromkeys(("list", "tuple", "set", "frozenset", "sorted", "sum", "any", "all", "enumerate"), "__iter__"),
}
_OPERATORS: dict[type, str] = {
    ast.Eq: "__eq__",
    ast.NotEq: "__ne__",
    ast.Lt: "__lt__",
    ast.LtE: "__le__",
    ast.Gt: "__gt__",
    ast.GtE: "__ge__",
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__",
    ast.Pow: "__pow__",
    ast.MatMult: "__matmul__",
    ast.BitOr: "__or__",
    ast.BitAnd: "__and__",
    ast.BitXor: "__xor__",
}
_MOST_ROWS = 8
_VAGUE_DEFAULTS = frozenset(("bool()", "int()", "float()", "tuple()", "dict()", "list()"))
_CLASS_METHODS = frozenset(("__new__", "__init_subclass__", "__class_getitem__"))
_FIELDS: dict[type, tuple[str, ...]] = {
    type(None): (),  # the key of `**other` in a literal
    ast.UnaryOp: ("operand",),
    ast.Dict: ("keys", "values"),
    ast.List: ("elts",),
    ast.Tuple: ("elts",),
    ast.Set: ("elts",),
    ast.JoinedStr: ("values",),
    ast.FormattedValue: ("value", "format_spec"),
    ast.Raise: ("exc", "cause"),
    ast.Assert: ("test", "msg"),
    ast.Await: ("value",),
    ast.YieldFrom: ("value",),
    ast.Starred: ("value",),
    ast.Slice: ("lower", "upper", "step"),
    ast.Try: ("finalbody", "orelse", "handlers", "body"),
    ast.TryStar: ("finalbody", "orelse", "handlers", "body"),
    ast.Pass: (),
    ast.Break: (),
    ast.Continue: (),
}
_SPECIAL: dict[type, Callable[[Walk, Any], None]] = {
    ast.FunctionDef: Walk._function,
    ast.AsyncFunctionDef: Walk._function,
    ast.ClassDef: Walk._class,
    ast.Return: Walk._return,
    ast.Yield: Walk._yield,
    ast.If: Walk._branch,
    ast.IfExp: Walk._branch,
    ast.While: Walk._branch,
    ast.BoolOp: Walk._choice,
    ast.Compare: Walk._compare,
    ast.BinOp: Walk._binary,
    ast.Import: Walk._import,
    ast.ImportFrom: Walk._import_from,
    ast.AnnAssign: Walk._annotated_assign,
    ast.AugAssign: Walk._augmented_assign,
    ast.NamedExpr: Walk._named_expression,
    ast.For: Walk._for,
    ast.AsyncFor: Walk._for,
    ast.ListComp: Walk._comprehension,
    ast.SetComp: Walk._comprehension,
    ast.DictComp: Walk._comprehension,
    ast.GeneratorExp: Walk._comprehension,
    ast.Lambda: Walk._lambda,
    ast.With: Walk._with,
    ast.AsyncWith: Walk._with,
    ast.ExceptHandler: Walk._except,
    ast.Match: Walk._match,
    ast.Global: Walk._global,
    ast.Nonlocal: Walk._global,
    ast.Delete: Walk._delete,
}
