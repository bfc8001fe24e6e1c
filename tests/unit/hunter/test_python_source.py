import ast
import warnings

import pytest

from grace.hunter.python_source import Unreadable, is_python, parse


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfx = 'a'\r\ny = 'b'",
        b"# -*- coding: latin-1 -*-\nx = 'a\xe9'\ny = 1",
        b"# coding: latin-1\nx = f'{'\xe9'}'\ny = 1",
        b"\xef\xbb\xbfx = f'{'a'}'\r\ny = 1",
        b"x = f'{'a'}'\ry = 1",
    ],
)
def test_encodings_and_line_ends_are_those_of_the_file(content: bytes) -> None:
    tree = parse(content)
    last = tree.body[-1]
    assert isinstance(last, ast.Assign)
    assert (ast.unparse(last.targets[0]), last.lineno) == ("y", content.count(b"\n") + content.count(b"\ry") + 1)
    if b"\xe9" in content:
        assert "é" in ast.unparse(tree)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"def f(:\n", "line 1: "),
        (b"x = 1\ny = f'{a['b']}'\nz = )", "line 3: "),
        (b"x = 1\n f'{a['b']}'", "line 2: unexpected indent"),
        (b"x = '\xff'\n", "encoding"),
        (b"# coding: nonsense\nx = 1", "nonsense"),
        (b"x = 1\0\n", "null bytes"),
        (b"x = " + b"-" * 100_000 + b"1", "too deeply"),
        (b"(" * 5000 + b")" * 5000, "too many nested"),
        (b"f'{" * 5000, "too deeply"),
        (b"x = " + b"f'{" * 500 + b"1" + b"}'" * 500, "too"),
        (b"'''", "line 1"),
        (b"f'{", "never closed"),
        (b"f'{a", "never closed"),
        (b"f'{a!", ""),
        (b"f'{a:", "never closed"),
        (b"def f[", "never closed"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as raised:
        parse(content)
    assert reason in raised.value.reason
    assert "\n" not in raised.value.reason


def test_the_files_own_dubious_escapes_warn_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parse(b"x = '\\d'")
        parse(b"x = '\\d' f'\\d{a['b']}'")


def test_python_is_known_by_its_name_or_its_first_line() -> None:
    assert is_python("a/b.pyw", b"")
    assert is_python("tool", b"#!/usr/bin/env python3\n")
    assert not is_python("a.txt", b"#!/bin/sh\n# python")
