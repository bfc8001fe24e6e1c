"""What makes two findings the same one, although lines moved.

A finding is its rule, the symbol around it and the normalised source of its statement: reformatting,
comments, line shifts and a move to another file keep it; editing the statement makes it a new one. Equal
findings are told apart by counting (they are compared as multisets).
"""

import ast
import copy
import hashlib
from collections import Counter
from collections.abc import Iterable

from grace.contracts import Finding


def fingerprint(rule_id: str, tree: ast.Module, line: int) -> str:
    """The identity of a finding of a rule at a line (from 1) of a module: 64 hexadecimal digits."""
    symbol, statement = _around(tree, line)
    source = "" if statement is None else ast.unparse(_header(statement))
    return hashlib.sha256("\0".join((rule_id, symbol, source)).encode("utf-8", "surrogatepass")).hexdigest()


def only_new(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of `after` beyond those of `before`; of equal ones the first count as the old."""
    known = Counter(finding.fingerprint for finding in before)
    new = []
    for finding in after:
        if known[finding.fingerprint]:
            known[finding.fingerprint] -= 1
        else:
            new.append(finding)
    return tuple(new)


def _around(tree: ast.Module, line: int) -> tuple[str, ast.stmt | None]:
    """Qualified name of the innermost definition around a line, and the innermost statement there."""
    names: list[str] = []
    statement = inner = _statement_at(tree, line)
    while inner:
        statement = inner
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(inner.name)
        inner = _statement_at(inner, line)
    return ".".join(names), statement


def _statement_at(parent: ast.AST, line: int) -> ast.stmt | None:
    for child in ast.iter_child_nodes(parent):
        if isinstance(child, ast.stmt):
            first = min([child.lineno, *(d.lineno for d in getattr(child, "decorator_list", ()))])
            if first <= line <= (child.end_lineno or child.lineno):
                return child
        elif isinstance(child, ast.excepthandler | ast.match_case) and (found := _statement_at(child, line)):
            return found
    return None


def _header(statement: ast.stmt) -> ast.stmt:
    """The statement without the blocks below it: they have statements of their own."""
    header = copy.copy(statement)
    if hasattr(header, "body"):
        header.body = [ast.Pass()]
    for block in ("orelse", "finalbody", "handlers", "cases"):
        if hasattr(header, block):
            setattr(header, block, [])
    if isinstance(header, ast.Try | ast.TryStar):
        header.finalbody = [ast.Pass()]
    return header
