"""Anything in a file of any name ends in findings or nothing, soon."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace.hunter.dependencies import Advisories, AdvisoriesInMemory, audit
from grace.hunter.tree import Tree

NAMES = [
    *("requirements.txt", "constraints.txt", "requirements.in", "pyproject.toml", "Pipfile", "setup.cfg", "setup.py"),
    *("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml"),
]
ALIKE = ("constraints.txt", "requirements.in", "poetry.lock", "pdm.lock")
"""Read as requirements.txt and uv.lock are."""
HOSTILE = {
    "empty": b"",
    "binary": bytes(range(256)) * 100,
    "zeros": b"\0" * 100_000,
    "utf-16": "flask==1.0\n".encode("utf-16"),
    "byte order mark": "\ufeffflask==1.0\n".encode(),
    "lone surrogate": b"flask==1.0 # \xed\xa0\x80",
    "escapes": b"\x1b[2Jflask==1.0\x07",
    "deep lists": b"a = " + b"[" * 100_000,
    "deep tables": b"a = " + b"{a = " * 100_000,
    "deep json": b'{"a":' * 100_000,
    "deep keys": b"a." * 100_000 + b"a = 1",
    "deep headers": b"[" + b"a." * 100_000 + b"a]",
    "deep brackets": b"(" * 100_000,
    "deep folders": b"./" + b"[" * 100_000 + b"]",
    "a word and dots": b"a" * 100_000 + b". " * 100,
    "spaces": b"flask" + b" " * 100_000 + b"x",
    "spaces in a value": b"[packages]\na = '1" + b" " * 100_000 + b"x'",
    "spaces in an option": b"[options]\n" + b" " * 100_000 + b"x",
    "a long line": b"flask==1.0 " * 10_000,
    "a long name": b"a" * 100_000,
    "a long version": b"flask==" + b"1." * 100_000 + b"1",
    "a long marker": b"flask==1.0; " + b"python_version > '3' and " * 10_000,
    "many lines": b"flask\n" * 50_000,
    "many names": b"\n".join(b"p%d==1" % at for at in range(5_000)),
    "many includes": b"-r requirements.txt\n-r x.txt\n" * 1_000,
    "many folders": b"-e ./x\n" * 5_000,
    "many backslashes": b"\\\n" * 50_000,
    "many hashes": b"flask==1.0 " + b"--hash=sha256:00 \\\n" * 10_000,
    "many packages": b"".join(b'[[package]]\nname = "p%d"\nversion = "1"\n' % at for at in range(3_000)),
    "many escaped packages": b"".join(b'[[package]]\n"n\\u0061me" = "p\\u0061%d"\n' % at for at in range(3_000)),
}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ALIKE])
def test_hostile_content_ends_soon_and_not_in_a_crash(name):
    for kind, content in HOSTILE.items():
        started = time.process_time()
        audit(Tree.of({name: content, "x.txt": b"-r requirements.txt"}), advisories=Advisories(AdvisoriesInMemory([])))
        assert time.process_time() - started < 5, kind


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(NAMES), st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_any_bytes_end_in_findings_or_nothing(name, content):
    audit(Tree.of({name: content}), advisories=Advisories(AdvisoriesInMemory([])))


TOML = st.recursive(
    st.sampled_from(["1", "true", "''", '"*"', '"^1"', '"flask"', '"1.0"', "1979-05-27", "nan"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.dictionaries(st.sampled_from(["name", "version", "path", "git", "url", "source"]), inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *("project", "project.dependencies", "project.optional-dependencies", "project.name", "dependency-groups"),
        *(
            "tool.poetry",
            "tool.poetry.dependencies",
            "tool.poetry.group",
            "tool.uv.sources",
            "tool.uv.dev-dependencies",
        ),
        *("build-system.requires", "package", "packages", "default", "dev-packages", "metadata"),
    ]
)


@settings(deadline=None)
@given(st.sampled_from([name for name in NAMES if name.endswith((".toml", ".lock")) or name == "Pipfile"]), KEYS, TOML)
def test_tables_of_any_shape_end_in_findings_or_nothing(name, key, value):
    audit(Tree.of({name: f"{key} = {value}\n".encode()}), advisories=Advisories(AdvisoriesInMemory([])))


def test_requirements_that_include_each_other_come_to_an_end(findings, all_below):
    files = {
        f"requirements-{at}.txt": f"-r requirements-{(at + 1) % 9}.txt\n-c requirements-0.txt\na==1\n"
        for at in range(9)
    }
    assert len(findings(files, all_below("a", "2"))) == 9
