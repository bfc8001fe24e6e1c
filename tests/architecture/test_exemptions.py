"""Every exemption from a rule carries its reason on the same line."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

EXEMPTION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no cover|fmt:\s*off|ruff:\s*noqa|mypy:)")
REASONED = re.compile(r"#\s*(?:ruff:\s*)?(?:noqa: [A-Z]+\d+(?:, [A-Z]+\d+)*|type: ignore\[[a-z, -]+\])\s+(?:#|-) \S.*")


def comments(source: bytes) -> Iterator[tuple[int, str]]:
    """Every comment with its line."""
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def unreasoned(source: bytes) -> list[int]:
    """Lines that exempt something without naming the rule and the reason."""
    return [
        line
        for line, comment in comments(source)
        if EXEMPTION.search(comment) and not all(map(REASONED.match, split_exemptions(comment)))
    ]


def split_exemptions(comment: str) -> list[str]:
    """The exemptions of a line; they may share the reason at its end."""
    parts = re.split(r"(?=#\s*(?:ruff:\s*noqa|noqa|type:\s*ignore))", comment)
    found = [part for part in parts if EXEMPTION.search(part)]
    return [comment[comment.index(found[-1]) :]] if found else [comment]


@pytest.mark.parametrize(
    ("line", "reasoned"),
    [
        ("x = 1  # noqa: S101  # a programming error", True),
        ("x = 1  # noqa: BLE001, S110 - cannot be copied", True),
        ("x = 1  # type: ignore[attr-defined]  # checked above", True),
        ("x = 1  # noqa: S101", False),
        ("x = 1  # noqa", False),
        ("x = 1  # noqa  # every rule", False),
        ("x = 1  # type: ignore", False),
        ("x = 1  # type: ignore[arg-type]", False),
        ("x = '# noqa'  # not an exemption", True),
    ],
)
def test_reasons_are_seen(line: str, reasoned: bool) -> None:
    assert (unreasoned(line.encode()) == []) is reasoned


def test_every_exemption_has_its_reason(root: Path, packages: tuple[str, ...]) -> None:
    folders = [root / name for name in (*packages, "tests", "benchmarks")]
    bare = [
        f"{file.relative_to(root)}:{line}"
        for folder in folders
        for file in sorted(folder.rglob("*.py"))
        for line in unreasoned(file.read_bytes())
    ]
    assert not bare


def test_every_rule_switched_off_has_its_reason(root: Path) -> None:
    """In the settings of ruff and mypy, each entry that switches something off is commented."""
    settings = (root / "pyproject.toml").read_text()
    ignored = re.findall(r"(?ms)^ignore = \[\n(.*?)^\]|^\[tool.ruff.lint.per-file-ignores\]\n(.*?)^\[", settings)
    lines = [line for pair in ignored for part in pair for line in part.splitlines() if line.strip()]
    lines += re.findall(r"(?m)^(?:extend-exclude|ignore_missing_imports).*$", settings)
    assert len(lines) > 5
    assert not [line for line in lines if "# " not in line]
