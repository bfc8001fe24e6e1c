"""Members and parameters by bare name, from all files at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.generation.repair.project import Project, known_of
from grace.generation.repair.source import Source


def known(*texts: str) -> Project:
    return known_of(Source(f"file{number}.py", text) for number, text in enumerate(texts))


SHELF = """\
class Shelf:
    width: int

    def __init__(self, width, *, room="hall"):
        self.width = width
        self.books = []

    def empty(self):
        self.broken = True

    @property
    def full(self):
        return len(self.books) == self.width

    @staticmethod
    def made(): ...

    async def dust(self, softly=True): ...

    def add(self, book, /, at=0): ...
"""


def test_members_of_a_class_are_siblings_and_methods_are_told_from_values() -> None:
    siblings = known(SHELF).siblings
    members = {
        "width": False, "books": False, "broken": False, "full": False, "empty": True, "made": True, "dust": True
    }  # fmt: skip
    assert set(siblings) == set(members)
    for name, others in siblings.items():
        assert dict(others) == {other: called for other, called in members.items() if other != name}


@pytest.mark.parametrize(
    "method",
    [
        "def m(self, x): ...",
        "def m(self, x, /): ...",
        "def m(self, *, x): ...",
        "@staticmethod\n    def m(x): ...",
        "@x.setter\n    def m(self, value): ...",
    ],
)
def test_a_method_that_needs_arguments_is_no_sibling(method: str) -> None:
    assert "m" not in known(f"class A:\n    a: int\n    {method}\n").siblings


@pytest.mark.parametrize(
    "method",
    [
        "def m(self): ...",
        "def m(self, /, x=1, *rest, y=2, **others): ...",
        "@classmethod\n    def m(cls): ...",
        "@staticmethod\n    def m(x=1): ...",
    ],
)
def test_a_method_that_can_do_without_is_one(method: str) -> None:
    assert known(f"class A:\n    a: int\n    {method}\n").siblings["a"] == (("m", True),)


def test_classes_that_share_an_attribute_put_their_members_together() -> None:
    siblings = known("class A:\n    x: int\n    y: int\n", "class B:\n    x: int\n    z: int\n").siblings
    assert siblings["x"] == (("y", False), ("z", False))
    assert siblings["z"] == (("x", False),)


def test_functions_and_classes_have_the_parameters_they_are_called_with() -> None:
    signatures = known(SHELF, "def sort(books, /, key, *rest, up=True, **more):\n    def inner(x): ...\n").signatures
    assert signatures["Shelf"] == ("width", "room")
    assert signatures["add"] == ("book", "at")
    assert signatures["sort"] == ("books", "key", "up")
    assert signatures["inner"] == ("x",)


def test_parameters_that_two_files_say_differently_are_left_out() -> None:
    signatures = known(
        "def f(a): ...\ndef g(a): ...\n", "def f(b): ...\nclass A:\n    def g(self, a): ...\n"
    ).signatures
    assert signatures == {"g": ("a",)}


@given(st.permutations(["def f(a): ...", "def f(b): ...", "def g(c): ...", SHELF, "class Shelf:\n    depth: int\n"]))
def test_the_order_of_the_files_does_not_matter(texts: list[str]) -> None:
    one, other = known(*texts), known(*sorted(texts))
    assert one.signatures == other.signatures
    assert {k: set(v) for k, v in one.siblings.items()} == {k: set(v) for k, v in other.siblings.items()}


def test_nothing_is_known_of_nothing() -> None:
    assert known() == known("", "x = 1\n") == Project()
