"""Newer grammar said in older one: the tree is the one that the newer Python would make, and no line moves."""

import ast
import contextlib
import warnings
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import grace
from grace.hunter.downlevel import down_level

OWN_FILES = sorted(Path(grace.__file__).parent.rglob("*.py"))[::4]


def older(source: str) -> ast.Module:
    written = down_level(source)
    assert written.text.count("\n") == source.count("\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return written.restore(ast.parse(written.text))


def lines(tree: ast.Module) -> list[tuple[str, int]]:
    """Names, calls and statements with their lines; what is inside of f-strings has wrong ones before 3.12."""
    places = (ast.stmt, ast.Name, ast.Call)
    return [(type(node).__name__, node.lineno) for node in ast.walk(tree) if isinstance(node, places)]


@pytest.mark.parametrize(
    ("newer", "same"),
    [
        ("f'{a['b']}'", "f'{a[\"b\"]}'"),
        ('f"{"x".join(["a"])}"', "f\"{'x'.join(['a'])}\""),
        ("f'{'\\n'.join(x)}'", "'{}'.format('\\n'.join(x))"),
        ("f'{f'{f'{f'{1}'}'}'}'", "f'''{f\"\"\"{f\"{f'{1}'}\"}\"\"\"}'''"),
        ("f'{x!r:>{'w'}} \\N{DIGIT ONE}{{z}}'", "f'{x!r:>{\"w\"}} 1{{z}}'"),
        ("f'{'a' = }'", "f\"'a' = {'a'!r}\""),
        ("f'{'a' =:>3}'", "f\"'a' ={'a':>3}\""),
        ("'a' f'{'b'}' r'\\c' rf'\\{'d'}'", "f\"a{'b'}\\\\c\\\\{'d'}\""),
        ("x if y else'a' f'{'b'}'", "x if y else f\"a{'b'}\""),
        ("f'{'a' != 'b'}'", "f\"{'a' != 'b'}\""),
        ("f'{*'a', 'b'}'", "f\"{*'a', 'b'}\""),
        ("f'{''}'", "f\"{''}\""),
        ("class A[T: int, *Ts, **P = [int]](B[T]): x = 1", "class A(B[T]): x = 1"),
        ("async def f[T](x: T) -> T: return x", "async def f(x: T) -> T: return x"),
        ("type X[T: (int, str)] = dict[str, T]", "X = dict[str, T]"),
        ("if x: type Y = int; type = 2", "if x: Y = int; type = 2"),
        ("try: f()\nexcept A, B: g()", "try: f()\nexcept (A, B): g()"),
        ("try: f()\nexcept* A, B.C(1, 2): g()", "try: f()\nexcept* (A, B.C(1, 2)): g()"),
        ("try: f()\nexcept (A, B) as e: g()", "try: f()\nexcept (A, B) as e: g()"),
        (
            "t'a {'b'!r:>3} {c}'",
            "string.templatelib.Template('a ', string.templatelib.Interpolation('b', \"'b'\", 'r', f'>3'), ' ', "
            "string.templatelib.Interpolation(c, 'c', None, ''))",
        ),
    ],
)
def test_newer_grammar_means_the_same_in_older(newer: str, same: str) -> None:
    expected = ast.parse(same)
    if ".format(" in same:  # a backslash has no other way into a field before 3.12
        (statement,) = expected.body
        assert isinstance(statement, ast.Expr)
        assert isinstance(statement.value, ast.Call)
        statement.value = ast.JoinedStr([ast.FormattedValue(statement.value.args[0], -1, None)])
    assert ast.dump(older(newer)) == ast.dump(expected)


def test_lines_stay_where_they_are() -> None:
    source = (
        "def f[\n    T,  # of items\n](\n    x: T,\n): pass\n"
        "type X[\n    T\n] = int\n"
        "a = f'{\n  b[  # a comment, with ' and }\n    'c']\n  = }' 'd'; e = 1\n"
        "try: g()\nexcept A, \\\n  B:\n    h()\n"
    )
    tree = older(source)
    found = {node.id: node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert found == {"T": 4, "X": 6, "int": 8, "a": 9, "b": 10, "e": 12, "g": 13, "A": 14, "B": 15, "h": 16}
    assert [statement.lineno for statement in tree.body] == [1, 6, 9, 12, 13]


@pytest.mark.parametrize("file", OWN_FILES, ids=lambda file: file.stem)
def test_what_is_old_grammar_stays_as_it_is(file: Path) -> None:
    source = file.read_text()
    assert ast.dump(older(source)) == ast.dump(ast.parse(source))
    assert lines(older(source)) == lines(ast.parse(source))


TEXTS = st.text(st.sampled_from("ab{}\\n'\"\n x:!=#"), max_size=6)
FIELDS = st.sampled_from(
    ["{x}", "{x!r}", "{x:>3}", "{x:{y}.{z}}", "{x = }", "{ x[0] }", "{x!s:^{y!r}5}", "{(lambda: 1)}"]
)
PREFIXES = st.sampled_from(["", "f", "F", "rf", "Rf", "r"])


@given(
    st.lists(
        st.tuples(PREFIXES, st.sampled_from(["'", '"', "'''", '"""']), st.lists(st.one_of(TEXTS, FIELDS), max_size=4)),
        min_size=1,
        max_size=3,
    )
)
@example([("f", "'", ["\\{", "{x}"]), ("rf", '"', ["\\", "{x}"])])
def test_strings_of_any_kind_mean_what_they_meant(strings: list[tuple[str, str, list[str]]]) -> None:
    source = " ".join(f"{prefix}{quote}{''.join(parts)}{quote}" for prefix, quote, parts in strings)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = ast.dump(ast.parse(source))
    except SyntaxError:  # nothing to compare with: it may still be right in newer grammar
        return
    assert ast.dump(older(source)) == expected


@given(st.text(st.sampled_from("f'\"{}[]():=!\\\n #xt"), max_size=30))
def test_any_text_ends_in_a_tree_or_a_syntax_error_and_keeps_its_lines(source: str) -> None:
    with contextlib.suppress(SyntaxError):
        older(source)
