"""Asks bandit's rules about the nodes of a syntax tree.

Bandit's manager wants files, ends the process on Ctrl-C and only logs the rules that crash; its visitor asks every
rule about every node. Here only those rules are asked that can fire (`triggers`), about the same nodes in the same
order and with the same picture of them. Where bandit is another version or has a plug-in's rules, its visitor runs.
"""

import ast
import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

from grace.hunter.bandit import triggers
from grace.hunter.bandit.sql_search import SqlSearch
from grace.hunter.bandit.triggers import Rule

_DEEP = "it is nested too deeply for bandit"
_NEVER_NODES = frozenset({"ctx", "op", "ops", "id", "attr", "arg", "asname", "kind", "level", "module", "type_comment"})
_CHILDREN: Mapping[type, tuple[str, ...]] = {
    kind: () if kind is ast.Constant else tuple(field for field in kind._fields if field not in _NEVER_NODES)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
"""The fields of each kind of node that can hold nodes, but for operators and the like, which no rule is about."""


@dataclass(frozen=True)
class Issue:
    """What a rule reports."""

    rule_id: str
    text: str
    severity: str
    confidence: str
    cwe: int | None
    line: int
    end_line: int
    imported: str
    """The module, where the rule is about an import."""


def run_rules(path: str, content: bytes, tree: ast.Module) -> tuple[list[Issue], list[str]]:
    """The issues of all rules in a parsed file, and what crashed on it."""
    rules = _rules()
    try:
        if not rules.known:
            return _run_as_bandit_does(path, content, tree, rules)
        run = _Run(path, content, rules)
        run.visit(tree)
    except RecursionError:
        return [], [_DEEP]
    return run.issues, run.crashes


def all_rules() -> Mapping[str, Sequence[Rule]]:
    """The rules by the kind of node that they are about."""
    return _rules().by_kind


class _Rules:
    """All rules of bandit, with their own defaults."""

    def __init__(self) -> None:
        from bandit.core import config, context, test_set, utils

        self.test_set = test_set.BanditTestSet(config.BanditConfig(), {})
        self.by_kind: Mapping[str, Sequence[Rule]] = self.test_set.tests
        self.known = metadata.version("bandit") == triggers.READ_IN and triggers.known(self.by_kind)
        if self.known:
            _make_linear()
        self.calls = triggers.CallTriggers(self.by_kind.get("Call", ()))
        self.context, self.utils = context.Context, utils


def _make_linear() -> None:
    """Give bandit's rule about SQL a search that takes no time that grows with the square of a text's length."""
    from bandit.plugins import injection_sql

    injection_sql.SIMPLE_SQL_RE = SqlSearch()


@cache
def _rules() -> _Rules:
    """Loaded without a word on stderr and without a file in the user's cache.

    stevedore, which finds bandit's parts, keeps a list of all that is installed, and complains about report
    formats whose libraries are not there.
    """
    from stevedore import _cache

    _cache._c._disable_caching = True  # it can otherwise be said only by a file in the user's cache
    logging.getLogger("stevedore").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks itself for what it has deprecated
        return _Rules()


class _Run:
    """One file."""

    def __init__(self, path: str, content: bytes, rules: _Rules) -> None:
        self.issues: list[Issue] = []
        self.crashes: list[str] = []
        self._path, self._content, self._rules = path, content, rules
        self._by_kind = rules.by_kind
        self._strings = triggers.StringTriggers(self._by_kind.get("Str", ()))
        self._imports: set[str] = set()
        self._aliases: dict[str, str] = {}
        self._looks = {
            ast.Call: self._look_at_call,
            ast.Constant: self._look_at_constant,
            ast.FunctionDef: self._look_at_function,
            ast.ExceptHandler: self._look_at_handler,
            ast.Assert: self._look_at_assert,
            ast.Import: self._look_at_import,
            ast.ImportFrom: self._look_at_import_from,
        }

    def visit(self, tree: ast.Module) -> None:
        """Look at every node, in the order of the source, and at the file."""
        looks: Mapping[type, Any] = self._looks
        pending: list[ast.AST] = [tree]
        while pending:
            node = pending.pop()
            if look := looks.get(type(node)):
                look(node)
            children: list[Any] = []
            for field in _CHILDREN[type(node)]:
                value = getattr(node, field, None)
                if type(value) is list:
                    children += value
                else:
                    children.append(value)
            for child in reversed(children):
                if isinstance(child, ast.AST):
                    child._bandit_parent = node  # type: ignore[attr-defined]  # rules look there
                    pending.append(child)
        if triggers.of_file(self._content):
            self._ask(self._by_kind.get("File", ()), {"lineno": 0, "linerange": [0, 1]})

    def _look_at_call(self, node: ast.Call) -> None:
        function = node.func
        name = ""
        if isinstance(function, ast.Attribute):
            name = function.attr
        elif isinstance(function, ast.Name):
            name = self._aliases.get(function.id, function.id).rpartition(".")[2]
        if rules := self._rules.calls.of(node, name):
            qualified = self._rules.utils.get_call_name(node, self._aliases)
            self._ask(rules, {"call": node, "qualname": qualified, "name": qualified.split(".")[-1]}, node)

    def _look_at_constant(self, node: ast.Constant) -> None:
        parent: ast.AST = node._bandit_parent  # type: ignore[attr-defined]  # `visit` put it there
        text = node.value
        if isinstance(text, str) and not isinstance(parent, ast.Expr) and (rules := self._strings.of(text, parent)):
            self._ask(rules, {"str": text}, node, spans=parent)

    def _look_at_function(self, node: ast.FunctionDef) -> None:
        if triggers.of_function(node):
            names = {"function": node, "qualname": node.name, "name": node.name}
            self._ask(self._by_kind.get("FunctionDef", ()), names, node)

    def _look_at_handler(self, node: ast.ExceptHandler) -> None:
        if triggers.of_handler(node):
            self._ask(self._by_kind.get("ExceptHandler", ()), {}, node)

    def _look_at_assert(self, node: ast.Assert) -> None:
        self._ask(self._by_kind.get("Assert", ()), {}, node)

    def _look_at_import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.asname:
                self._aliases[alias.asname] = alias.name
            self._imports.add(alias.name)
        self._ask(self._by_kind.get("Import", ()), {"module": node.names[-1].name}, node)

    def _look_at_import_from(self, node: ast.ImportFrom) -> None:
        if node.module is None:
            self._look_at_import(node)
            return
        for alias in node.names:
            self._aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            self._imports.add(f"{node.module}.{alias.name}")
        names = {"module": node.module, "name": node.names[-1].name}
        self._ask(self._by_kind.get("ImportFrom", ()), names, node)

    def _ask(
        self, rules: Sequence[Rule], seen: dict[str, Any], node: ast.AST | None = None, spans: ast.AST | None = None
    ) -> None:
        """Ask rules in turn; `seen` is what the picture of this kind of node has beside what each has."""
        picture = {"filename": f"./{self._path}", "file_data": io.BytesIO(self._content), **seen}
        if node:
            picture |= {"node": node, "imports": self._imports, "import_aliases": self._aliases}
            picture |= {"lineno": node.lineno, "col_offset": node.col_offset}  # type: ignore[attr-defined]  # it has them
        for rule in rules:
            try:
                context = self._rules.context(dict(picture))
                found = rule(context, rule._config) if hasattr(rule, "_config") else rule(context)
            except Exception as error:  # noqa: BLE001 - a rule may raise anything, and that is reported
                self.crashes.append(_crash(rule, error))
                continue
            if found is not None:
                lines = found.linerange or seen.get("linerange") or self._lines(spans or node)
                line = picture["lineno"] if found.lineno is None else found.lineno
                imported = found.ident or "" if isinstance(node, ast.Import) else getattr(node, "module", "") or ""
                self.issues.append(_issue(found, found.test_id or triggers.rule_id(rule), line, lines, imported))

    def _lines(self, node: ast.AST | None) -> list[int]:
        lines: list[int] = self._rules.utils.linerange(node)
        if not hasattr(node, "lineno"):  # bandit has asked before, and asking again gives another answer
            lines = self._rules.utils.linerange(node)
        return lines


def _run_as_bandit_does(path: str, content: bytes, tree: ast.Module, rules: _Rules) -> tuple[list[Issue], list[str]]:
    from bandit.core import meta_ast, metrics, node_visitor

    counts = metrics.Metrics()
    counts.begin(path)
    data = io.BytesIO(content)
    visitor = node_visitor.BanditNodeVisitor(
        f"./{path}", data, meta_ast.BanditMetaAst(), rules.test_set, False, {}, counts
    )
    crashes: list[str] = []
    visitor.tester.report_error = lambda rule, _, error: crashes.append(_crash(rule, error))
    visitor.generic_visit(tree)
    file = {"file_data": data, "filename": f"./{path}", "lineno": 0, "linerange": [0, 1], "col_offset": 0}
    visitor.tester.run_tests(file, "File")
    issues = []
    for found in visitor.tester.results:
        imported = found.ident or "" if found.test_id.startswith("B4") and found.test == "blacklist" else ""
        issues.append(_issue(found, found.test_id, found.lineno, found.linerange, imported))
    return issues, crashes


def _issue(found: Any, rule_id: str, line: int, lines: Sequence[int], imported: str) -> Issue:
    line = max(1, line)
    return Issue(
        rule_id=rule_id,
        text=found.text,
        severity=found.severity,
        confidence=found.confidence,
        cwe=found.cwe.id or None,
        line=line,
        end_line=max(line, *lines),
        imported=imported,
    )


def _crash(rule: Rule | str, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return _DEEP
    name = rule if isinstance(rule, str) else triggers.rule_id(rule)
    return f"bandit's rule {name} crashed: {type(error).__name__}: {error}"
