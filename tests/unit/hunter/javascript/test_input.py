import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace.hunter.javascript import detect

VULNERABLE = "app.get('/', (req, res) => { eval(req.query.x); });\n"
DEPTH = 10_000
WORDS = [
    *("(", ")", "{", "}", "[", "]", ";", ",", ".", "=>", "=", "+=", "===", "&&", "||", "?", ":", "!", "+"),
    *("`", "${", "'", "/", "<", ">", "function", "class", "return", "if", "else", "for", "of", "const"),
    *("req", "res", "query", "eval", "location", "hash", "innerHTML", "async", "await", "new", "this"),
    *("import", "from", "require", "'a'", "1", "x", "y", "...", "@Body()", "switch", "case", "try"),
    *("catch", "delete", "typeof", "static", "get", "yield"),
]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x00\x01\x02\xff" * 100, "it is binary"),
        (b"var a = 1;\n" * 100_000, "too large: 1,100,000 bytes, more than 1,000,000"),
        (b"var a=1;" * 8_000, "minified: a line of 64,000 characters"),
        (b"a();\n" + b"b(eval(location.hash));" * 200, "minified: a line of 4,600 characters"),
    ],
)
def test_what_is_not_analysed_says_so(content, reason):
    detection = detect("a.js", content)
    assert (detection.findings, detection.failures) == ((), {"a.js": reason})


@pytest.mark.parametrize("code", ["const = ;\n", "function (\n", "}}}", "const x: = {", "<<<<<<< HEAD\n"])
def test_errors_of_syntax_are_failures_and_the_rest_is_read(code):
    detection = detect("a.js", (VULNERABLE + code).encode())
    assert detection.failures["a.js"].startswith("line 2 cannot be read")
    assert [finding.rule_id for finding in detection.findings] == ["js-code-injection"]


def test_errors_are_failures_also_where_no_rule_has_a_word():
    assert detect("a.js", b"const = ;\n").failures


@pytest.mark.parametrize("content", [b"", b"\n", b"// nothing", b"#!/usr/bin/env node\n", b"\xef\xbb\xbfvar a;"])
def test_files_that_say_nothing(content):
    detection = detect("a.js", content)
    assert (detection.findings, dict(detection.failures)) == ((), {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings(encoding):
    detection = detect("a.js", ("// größer\n" + VULNERABLE).encode(encoding))
    assert [finding.location.line for finding in detection.findings] == [2]
    assert not detection.failures


def test_flow_types_are_read():
    detection = detect(
        "a.js", b"// @flow\ntype A = {| a: string |};\nfunction f(req: any, res: any): string { eval(req.query.x); }"
    )
    assert [finding.location.line for finding in detection.findings] == [3]


@pytest.mark.parametrize(
    "code",
    [
        "eval(" + "(" * DEPTH + "location.hash" + ")" * DEPTH + ");",
        "eval(location.hash" + " + 'a'" * DEPTH + ");",
        "eval(location.hash" + ".trim()" * DEPTH + ");",
        "eval(location.hash, " + "!" * DEPTH + "a);",
        "eval(" + "[" * DEPTH + "location.hash" + "]" * DEPTH + ");",
        "eval(" + "{a:" * DEPTH + "location.hash" + "}" * DEPTH + ");",
        "eval(" + "f(" * DEPTH + "location.hash" + ")" * DEPTH + ");",
        "eval(" + "a ? b : " * DEPTH + "location.hash);",
        "if (" + "a && " * DEPTH + "b) { eval(location.hash); }",
        "if (" + "(a || (b && " * (DEPTH // 2) + "c" + "))" * (DEPTH // 2) + ") { eval(location.hash); }",
        "if (a) {" * 5_000 + "eval(location.hash);" + "}" * 5_000,
        "if (a) {} else " * 5_000 + "eval(location.hash);",
        "(function () {" * 5_000 + "eval(location.hash);" + "})();" * 5_000,
        "var " + "[" * DEPTH + "a" + "]" * DEPTH + " = location.hash; eval(a);",
        "x" + ".y" * DEPTH + " = location.hash; eval(location.hash);",
        "eval(`" + "${`" * 5_000 + "${location.hash}" + "`}" * 5_000 + "`);",
    ],
    ids=lambda code: code[:16],
)
def test_depth_is_no_matter(code):
    detection = detect("a.js", "\n".join(code[at : at + 1000] for at in range(0, len(code), 1000)).encode())
    assert detection.findings or detection.failures


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_row_of_words_is_read(words):
    content = " ".join(words).encode()
    for path in ("a.js", "a.ts", "a.tsx"):
        assert detect(path, content) == detect(path, content)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read(content):
    detect("a.ts", b"eval(" + content)


@pytest.mark.parametrize(
    "line",
    [
        "function f{0}(x) {{ f{1}(x); eval(x); }}",
        "o.a{0} = location.hash + o.a{1};",
        "x = x + location.hash + '{0}{1}';",
        "function f{0}(req, res) {{ y = y + req.query.a{0} + req.body.b{1}; eval(y); }}",
        "const v{1} = {{ ...v{0}, a{0}: location.hash }};",
    ],
)
def test_no_file_takes_much_longer_than_others(line):
    content = "\n".join(line.format(at, at + 1) for at in range(1500)).encode()
    before = time.process_time()
    detect("a.js", content)
    assert time.process_time() - before < 5
