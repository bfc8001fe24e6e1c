"""Offsets, functions and splices of a file, whatever its alphabet and line ends."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.generation.repair.source import Source, Splice, apply_splices, decode, trimmed

PROGRAM = '''\
# -*- coding: utf-8 -*-
ä = "日本"; été = ä + "😀" + "x"
def naïve(λ, β="ß"):
\treturn λ if "é" in β else λ + 1\x0c  # end
class Gruß:
    """Größe"""
    def mß(self):
        return f(self.ö)["ü"]
'''


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_segments_are_what_the_syntax_tree_says(newline: str) -> None:
    text = PROGRAM.replace("\n", newline)
    source = Source("a.py", text)
    assert source.newline == newline
    seen = 0
    for node in ast.walk(source.tree):
        if isinstance(node, ast.expr):
            parsed = ast.parse(source.segment(node), mode="eval").body
            assert ast.unparse(parsed) == ast.unparse(node)
            seen += 1
    assert seen > 20


def test_a_file_without_a_line_end_has_the_usual_one() -> None:
    assert Source("a.py", "x = 1").newline == "\n"
    assert Source("a.py", "").functions == []


def test_a_source_that_does_not_parse_is_refused() -> None:
    with pytest.raises(SyntaxError):
        Source("a.py", "def f(:\n")


NESTED = """\
import os

@decorated
def top():
    def inner(): pass
    return inner

class A:
    def method(self):
        return 1

    class B:
        @property
        def value(self): return 2

if os:
    def conditional(): pass
else:
    async def conditional(): pass
try:
    def tried(): pass
except OSError:
    def caught(): pass
finally:
    def at_last(): pass
with os:
    for x in y:
        def looped(): pass
match x:
    case 1:
        def matched(): pass
def last(): return 9"""


def test_outermost_functions_are_found_wherever_they_stand() -> None:
    functions = Source("a.py", NESTED).functions
    assert [f.qualified_name for f in functions] == [
        "top", "A.method", "A.B.value", "conditional", "conditional", "tried", "at_last", "caught", "looped",
        "matched", "last",
    ]  # fmt: skip
    assert [f.first_line for f in functions][:3] == [3, 9, 13]
    assert NESTED[functions[0].start : functions[0].end] == "def top():\n    def inner(): pass\n    return inner\n"
    assert NESTED[functions[2].start : functions[2].end] == "        def value(self): return 2\n"
    assert NESTED[functions[-1].start : functions[-1].end] == "def last(): return 9"


@given(st.text(), st.data())
def test_disjoint_splices_are_applied_in_any_order(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    texts = data.draw(st.lists(st.text(max_size=4), min_size=len(spans), max_size=len(spans)))
    splices = [Splice(start, end, new) for (start, end), new in zip(spans, texts, strict=True)]
    expected, at = "", 0
    for splice in splices:
        expected += text[at : splice.start] + splice.text
        at = splice.end
    shuffled = data.draw(st.permutations(splices))
    assert apply_splices(text, tuple(shuffled)) == expected + text[at:]


@given(st.text(), st.data())
def test_what_is_replaced_by_itself_stays(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert apply_splices(text, (Splice(start, end, text[start:end]),)) == text
    assert apply_splices(text, ()) == text


@given(st.text(), st.data())
def test_a_trimmed_splice_does_the_same_and_starts_and_ends_with_what_is_new(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    splice = Splice(start, end, data.draw(st.text() | st.just(text[start:end])))
    less = trimmed(text, splice)
    assert apply_splices(text, (less,)) == apply_splices(text, (splice,))
    assert trimmed(text, less) == less
    assert (less.start == less.end and not less.text) == (splice.text == text[start:end])


DOUBLE = 'NAMES = {"one": "two", "three": "it\'s"}\n'
EXPRESSIONS = st.lists(
    st.sampled_from(["''", "'a'", '"a"', "'b'", "a", "b'a'", "'say \"a\"'", r"'\n'", r"'\''", "'''b'''", "f'{a}'"]),
    min_size=1,
    max_size=4,
).map(" or ".join)


@given(EXPRESSIONS, EXPRESSIONS)
def test_exchanging_quotes_changes_no_value_and_nothing_that_stays(old: str, new: str) -> None:
    text = f"{DOUBLE}x = {old}\n"
    start = text.rindex(old)
    splice = Splice(start, start + len(old), new)
    (quoted,) = Source("a.py", text).in_its_quotes((splice,))
    before, after = apply_splices(text, (splice,)), apply_splices(text, (quoted,))
    assert ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    kept = trimmed(text, splice)
    assert after.startswith(text[: kept.start]) and after.endswith(text[kept.end :])


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("x = 'a'\n", "['']"),
        ("x = 1\n", "['']"),
        ('"""Doc."""\n', '[""]'),
        ('"""Doc."""\nx = \'a\'\n', "['']"),
        ('x = "it\'s"\n', '[""]'),
        ("x = \"a\"  # it's, isn't it\n", '[""]'),
    ],
)
def test_a_file_prefers_the_quotes_of_most_of_its_strings(text: str, new: str) -> None:
    assert Source("a.py", text).in_its_quotes((Splice(0, 0, "['']"),)) == (Splice(0, 0, new),)


def test_what_moves_keeps_its_quotes() -> None:
    text = f"{DOUBLE}a = 'a'\nb = 1\n"
    first, second = text.index("a ="), text.index("b =")
    moved = (Splice(first, second, ""), Splice(len(text), len(text), text[first:second]))
    assert Source("a.py", text).in_its_quotes(moved) == moved


def test_inside_of_an_f_string_quotes_stay() -> None:
    text = f'{DOUBLE}x = f"{{a}}"\n'
    inside = (Splice(text.rindex("a"), text.rindex("a") + 1, "a or ''"),)
    assert Source("a.py", text).in_its_quotes(inside) == inside


@pytest.mark.parametrize(
    ("content", "text", "encoding"),
    [
        (b"x = 1\r\n", "x = 1\r\n", "utf-8"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n", "utf-8-sig"),
        (b"# coding: latin-1\n\xe9 = 1\n", "# coding: latin-1\né = 1\n", "iso-8859-1"),
        (b"", "", "utf-8"),
    ],
)
def test_decoding_goes_back_to_the_same_bytes(content: bytes, text: str, encoding: str) -> None:
    assert decode(content) == (text, encoding)
    assert text.encode(encoding) == content


@pytest.mark.parametrize("content", [b"\xff\xfe = 1\n", b"# coding: nonsense\n", b"# coding: ascii\n\xe9\n"])
def test_bytes_that_are_no_source_are_refused(content: bytes) -> None:
    with pytest.raises(SyntaxError):
        decode(content)
