"""What a repair at one place may be made of."""

import ast

import pytest

from grace.generation.repair.project import known_of
from grace.generation.repair.scope import Scope, compatible, kind_of, size
from grace.generation.repair.source import Source

MODULE = '''\
"""Shop."""
import os.path
from math import floor as down, sqrt

LIMIT = 10
if LIMIT:
    EXTRA = "extra"


class ShopError(Exception):
    pass


class Cart:
    rate: float = 0.1

    def __init__(self, owner, items):
        self.owner = owner
        self._items = items

    @property
    def count(self):
        return len(self._items)

    def clear(self):
        self._items.clear()

    def add(self, item, times=1, *more, note="", **options):
        """Adds."""
        total: int = times + LIMIT
        for k, price in enumerate(item.prices):
            if price > self.owner.limit:
                raise ValueError(price)
            self._items.append(price)
        try:
            rest = [p * 2 for p in more]
        except KeyError as error:
            return error
        return total, rest


def other(cart, size):
    return cart.count + size
'''


def scope(name: str) -> Scope:
    source = Source("shop.py", MODULE)
    function = next(f for f in source.functions if f.qualified_name == name)
    return Scope(source, function, known_of([source]))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("True", "bool"), ("1", "num"), ("1.5", "num"), ("'a'", "str"), ("b'a'", "bytes"), ("None", "none"),
        ("a < b", "bool"),
        ("not a", "bool"), ("f'{a}'", "str"), ("[a]", "list"), ("[a for a in b]", "list"), ("{a: b}", "dict"),
        ("{a}", "set"), ("(a, b)", "tuple"), ("-a", "num"), ("a - 1", "num"), ("a - b", ""), ("a + 1", "num"),
        ("a + 'b'", "str"), ("a + b", ""), ("len(a)", "num"), ("sorted(a)", "list"), ("a.strip()", "str"),
        ("a.split()", "list"), ("a.name", ""), ("a", ""), ("f(a)", ""), ("a == b", "bool"),
    ],
)  # fmt: skip
def test_kinds_are_read_off_an_expressions_shape(text: str, kind: str) -> None:
    assert kind_of(ast.parse(text, mode="eval").body) == kind


def test_kinds_that_are_unknown_or_numbers_go_together() -> None:
    assert compatible("", "str")
    assert compatible("num", "bool")
    assert compatible("list", "list")
    assert not compatible("str", "num")


def test_size_counts_expressions() -> None:
    assert size(ast.parse("a + b * 2", mode="eval").body) == 5


def test_names_are_those_that_can_be_seen() -> None:
    add = scope("Cart.add")
    assert add.parameters == ("item", "times", "note", "more", "options")
    assert set(add.variables) == {*add.parameters, "total", "k", "price", "rest", "p", "error"}
    assert set(add.module_names) == {"os", "down", "sqrt", "LIMIT", "EXTRA", "ShopError", "Cart", "other"}
    assert add.callables == ("ShopError", "Cart", "other")
    assert {"self", "total", "LIMIT", "len", "down"} <= add.visible
    assert not {"owner", "size", "cart"} & add.visible


def test_the_class_around_offers_its_members() -> None:
    add = scope("Cart.add")
    assert set(add.self_attributes) == {"owner", "_items"}
    assert add.self_attributes[0] == "_items", "the most used comes first"
    assert add.self_methods == {"__init__", "count", "clear", "add"}
    assert scope("other").self_attributes == ()


def test_siblings_are_the_other_members_of_classes_that_have_the_name() -> None:
    assert dict(scope("other").siblings("count")) == {"owner": False, "_items": False, "rate": False, "clear": True}
    assert scope("other").siblings("missing") == ()
    shop, shelf = (
        Source("a.py", "class A:\n    x: int\n    y: int\n"),
        Source("b.py", "class B:\n    x = 1\n    z: int\n"),
    )
    assert known_of([shop, shelf]).siblings["x"] == (("y", False),)


def test_ingredients_are_small_visible_and_nearest_first() -> None:
    add = scope("Cart.add")
    texts = {i.text: i.distance for i in add.ingredients}
    assert texts["times + LIMIT"] == 0
    assert texts["self.owner.limit"] == 0
    assert texts["len(self._items)"] == 1
    assert "cart.count" not in texts, "cart is not there"
    assert "int" not in texts, "an annotation is no expression"
    assert "10" not in texts, "literals are another matter"
    distances = [i.distance for i in add.ingredients]
    assert distances == sorted(distances)
    assert add.distances["times + LIMIT"] == 0
    assert "times" not in add.distances


def test_conditions_returns_raises_and_constants_are_gathered() -> None:
    add = scope("Cart.add")
    assert add.conditions == ("price > self.owner.limit",)
    assert add.returned == ("total, rest", "error")
    assert add.raised[0] == "raise ValueError(price)"
    assert "raise ShopError" in add.raised
    assert "raise ShopError(item)" in add.raised
    assert set(add.constants[:3]) == {1, "", 2}
    assert "Adds." not in add.constants
    assert set(add.constants) >= {10, "extra", 0.1}


def test_a_module_is_a_scope_too() -> None:
    source = Source("shop.py", MODULE)
    module = Scope(source, None)
    assert module.parameters == ()
    assert "LIMIT" in module.variables
    assert "Cart" in module.visible
