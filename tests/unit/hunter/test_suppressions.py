import pytest

from grace.hunter.suppressions import detect


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", "eval(x)  # nosec"),
        ("a.py", "eval(x)  #nosec B307"),
        ("a.py", "eval(x)  # fine # NOSEC"),
        ("a.py", "eval(x)  # noqa: E501, S307 - fine"),
        ("a.py", "eval(x)  # noqa:S307"),
        ("a.py", "# ruff: noqa: S307"),
        ("a.py", "# flake8: noqa"),
        ("a.py", "eval(x)  # nosemgrep: rule"),
        ("a.py", "eval(x)  # NOSONAR"),
        ("a.py", "k = 'x'  # pragma: allowlist secret"),
        ("a.py", "k = 'x'  # gitleaks:allow"),
        ("a.py", "f(x)  # codeql[py/sql-injection]"),
        ("a.js", "eval(x) // eslint-disable-line"),
        ("a.js", "/* eslint-disable */"),
        ("a.ts", "// eslint-disable-next-line no-alert, security/detect-eval"),
        ("a.jsx", "{/* eslint-disable-next-line react/no-danger */}"),
        ("a.js", "eval(x) // NOSONAR"),
    ],
)
def test_a_comment_that_silences_is_found(path: str, line: str) -> None:
    (finding,) = detect(path, f"x = 1\n{line}\n".encode()).findings
    assert (finding.rule_id, finding.location.line, finding.cwe) == ("suppression-added", 2, 693)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", "import os  # noqa: F401"),
        ("a.py", "import os  # noqa"),
        ("a.py", "x = '# nosec'"),
        ("a.py", "'''\n# nosec\n'''"),
        ("a.py", "# bandit follows nosec comments"),
        ("a.py", "nosec = noqa = 1"),
        ("a.js", "// eslint-disable-next-line no-console"),
        ("a.js", "/* eslint-disable no-unused-vars, max-len */"),
        ("a.js", "// see eslint-disable"),
    ],
)
def test_other_comments_and_text_are_none(path: str, line: str) -> None:
    assert detect(path, f"{line}\n".encode()).findings == ()


@pytest.mark.parametrize("source", [b"def f(:  # nosec\n", b"x = f'{a['b']}'  # nosec\n", b"\xff  # nosec\n"])
def test_it_is_found_in_what_python_cannot_read(source: bytes) -> None:
    assert len(detect("a.py", source).findings) == 1


def test_it_is_the_same_after_formatting_and_another_one_on_another_statement() -> None:
    def mark(source: str) -> str:
        (finding,) = detect("a.py", source.encode()).findings
        return finding.fingerprint

    assert mark("def f(x):\n  eval(x) # nosec\n") == mark("\n\ndef f(y):\n    eval( y )  # nosec\n")
    assert mark("eval(x) # nosec") != mark("exec(x) # nosec")
    assert mark("eval(x) # nosec") != mark("eval(x) # nosemgrep")
