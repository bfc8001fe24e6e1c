"""Collections written out in the code: one element more, one fewer."""

import ast
import re
from collections.abc import Iterator

from grace.generation.repair.operators.site import Edit, Site
from grace.generation.repair.source import Splice

MOST_ADDED = 60
"""Elements offered to one collection."""
_WORD = re.compile(r"[A-Za-z]{3,}")
_NAMED = re.compile(r"""[bu]?(['"]?)[A-Za-z_][\w.-]*\1""")
"""A name, or a literal that holds nothing else."""
MOST_IN_ORDER = 40
"""Elements of a collection into which others are put at any place."""
_TYPES = ("str", "bytes", "int", "float", "bool", "list", "tuple", "set", "dict", "type(None)")
_Written = ast.Tuple | ast.List | ast.Set


def element_added(site: Site) -> Iterator[Edit]:
    """`in ("a", "b")` → `in ("a", "b", "c")`: what is of the same shape as the elements that are there."""
    node = site.node
    if not isinstance(node, _Written) or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or not node.elts:
        return
    last = site.source.end(node.elts[-1])
    there = {site.source.segment(e) for e in node.elts}
    asked = 0.0 if _is_asked(site) else 0.5
    for k, text in enumerate(_alike(site, node.elts, there)):
        cost = 2.7 + asked + k * 0.02
        yield Edit(cost, "element added", (Splice(last, last, f", {text}"),))
        if site.role == "iterated" and len(node.elts) <= MOST_IN_ORDER:  # where the order counts
            for element in node.elts:
                at = site.source.start(element)
                yield Edit(cost + 0.3, "element added", (Splice(at, at, f"{text}, "),))


def element_dropped(site: Site) -> Iterator[Edit]:
    """`in ("a", "b")` → `in ("a",)`."""
    node = site.node
    if not isinstance(node, _Written) or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    if not 2 < len(node.elts) < 40 and not (len(node.elts) == 2 and _is_asked(site)):
        return
    for dropped in node.elts:
        rest = [site.source.segment(e) for e in node.elts if e is not dropped]
        inside = ", ".join(rest) + ("," if len(rest) == 1 and isinstance(node, ast.Tuple) else "")
        first, last = site.source.start(node.elts[0]), site.source.end(node.elts[-1])
        yield Edit(3.0 + 0.5 * (not _is_asked(site)), "element dropped", (Splice(first, last, inside),))


def types_widened(site: Site) -> Iterator[Edit]:
    """`isinstance(x, A)` → `isinstance(x, (A, B))`, and another type alone."""
    match site.parent, site.node:
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, asked]), ast.Name() | ast.Attribute():
            if asked is not site.node:
                return
            for k, other in enumerate(_classes(site, {site.text})):
                yield site.replaced(f"({site.text}, {other})", 2.6 + k * 0.03, "type added")
                yield site.replaced(other, 2.7 + k * 0.03, "type exchanged")


def _is_asked(site: Site) -> bool:
    """Whether something is looked for in the collection: then its elements are a list of cases."""
    match site.parent:
        case ast.Compare(ops=[ast.In() | ast.NotIn()]):
            return True
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass")):
            return True
        case ast.Call(func=ast.Attribute(attr="startswith" | "endswith")):
            return True
        case _:
            return False


def _alike(site: Site, elements: list[ast.expr], there: set[str]) -> Iterator[str]:
    """What may be an element too, those first that have a word in common with one."""
    found: dict[str, None] = {}
    match elements[-1]:
        case ast.Constant(value=value):
            named = [*site.scope.self_attributes, *sorted(site.scope.self_methods)]
            literals = [*site.scope.tested, *site.scope.constants, *named]
            found.update(dict.fromkeys(repr(o) for o in literals if type(o) is type(value) and len(repr(o)) < 40))
        case ast.Name(id=name):
            if _is_asked(site):
                found.update(dict.fromkeys(_classes(site, there)))
            known = [*site.scope.variables[:12], *site.scope.callables, *site.scope.module_names]
            found.update(dict.fromkeys(n for n in known if n.isupper() == name.isupper()))
        case ast.Attribute(value=owner):
            text = site.source.segment(owner)
            found.update(dict.fromkeys(f"{text}.{a}" for a in site.scope.attributes.get(text, ())))
    there |= {repr(e.value) for e in elements if isinstance(e, ast.Constant)}
    words = {word for text in there for word in _WORD.findall(text)}
    only_names = all(_NAMED.fullmatch(text) for text in there)

    def strangeness(text: str) -> tuple[bool, bool]:
        return words.isdisjoint(_WORD.findall(text)), only_names and not _NAMED.fullmatch(text)

    yield from sorted((text for text in found if text not in there), key=strangeness)[:MOST_ADDED]


def _classes(site: Site, there: set[str]) -> list[str]:
    """Names that may stand for types here."""
    own = [n for n in site.scope.module_names if n[:1].isupper() and not n.isupper()]
    return [n for n in dict.fromkeys((*site.scope.asked_types, *_TYPES, *own)) if n not in there][:40]


ELEMENTS = (element_added, element_dropped, types_widened)
