"""uv.lock, poetry.lock, pdm.lock, pylock.toml, Pipfile.lock."""

import json

import pytest

from grace.hunter.dependencies.readers import pdm_lock, pipfile_lock, poetry_lock, pylock, uv_lock
from grace.hunter.dependencies.source_text import Unreadable

UV = """version = 1
requires-python = ">=3.11"

[[package]]
name = "flask"
version = "2.0.1"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "helper" },
]

[[package]]
name = "helper"
version = "0.1"
source = { git = "https://git.example/helper?rev=1#abc" }

[[package]]
name = "shop"
source = { editable = "." }

[[package]]
name = "flask"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
"""

POETRY = """[[package]]
name = "flask"
version = "2.0.1"
description = '''
[[package]] is a word here
'''
optional = false
markers = "python_version < '3.12'"

[[package]]
name = "helper"
version = "0.1"
[package.source]
type = "git"
url = "https://git.example/helper.git"

[[package]]
name = "sibling"
version = "0.1"
[package.source]
type = "directory"
url = "../sibling"

[[package]]
name = "internal"
version = "3"
[package.source]
type = "legacy"
url = "https://pypi.example/simple"

[metadata]
lock-version = "2.1"
"""

PDM = """[metadata]
groups = ["default"]

[[package]]
name = "flask"
version = "2.0.1"

[[package]]
name = "helper"
version = "0.1"
git = "https://git.example/helper.git"

[[package]]
name = "sibling"
version = "0.1"
path = "./libs/sibling"
"""

PYLOCK = """lock-version = "1.0"
created-by = "somebody"

[[packages]]
name = "flask"
version = "2.0.1"
marker = "python_version < '3.12'"

[[packages]]
name = "helper"
vcs = { type = "git", url = "https://git.example/helper.git", commit-id = "abc" }

[[packages]]
name = "sibling"
directory = { path = "libs/sibling" }

[[packages]]
name = "unknown"
"""

PIPFILE = json.dumps(
    {
        "_meta": {"hash": {"sha256": "00"}},
        "default": {
            "flask": {"hashes": ["sha256:00"], "index": "pypi", "version": "==2.0.1"},
            "helper": {"git": "https://git.example/helper.git", "ref": "abc"},
            "unknown": {},
        },
        "develop": {"pytest": {"version": "==8.0", "markers": "python_version >= '3.8'"}},
    },
    indent=4,
)


def said(declarations):
    """Name, version, whether it is skipped, and line of each dependency."""
    assert declarations.problems == ()
    return [(each.name, each.version, bool(each.skipped), each.line) for each in declarations.dependencies]


def test_uv():
    declarations = uv_lock.read(UV.encode())
    assert said(declarations) == [
        ("flask", "2.0.1", False, 5),
        ("helper", None, True, 13),
        ("flask", "1.0", False, 22),
    ]
    assert [(each.name, each.path) for each in declarations.local_projects] == [("shop", ".")]


def test_poetry():
    declarations = poetry_lock.read(POETRY.encode())
    assert [(each[0], each[1], each[2]) for each in said(declarations)] == [
        ("flask", "2.0.1", False),
        ("helper", None, True),
        ("internal", "3", False),
    ]
    assert declarations.dependencies[0].marker == "python_version < '3.12'"
    assert [(each.name, each.path) for each in declarations.local_projects] == [("sibling", "../sibling")]


def test_pdm():
    declarations = pdm_lock.read(PDM.encode())
    assert said(declarations) == [("flask", "2.0.1", False, 5), ("helper", None, True, 9)]
    assert [each.path for each in declarations.local_projects] == ["./libs/sibling"]


def test_pylock():
    declarations = pylock.read(PYLOCK.encode())
    assert said(declarations) == [
        ("flask", "2.0.1", False, 5),
        ("helper", None, True, 10),
        ("unknown", None, True, 18),
    ]
    assert [each.path for each in declarations.local_projects] == ["libs/sibling"]


def test_pipenv():
    assert said(pipfile_lock.read(PIPFILE.encode())) == [
        ("flask", "2.0.1", False, 8),
        ("helper", None, True, 15),
        ("unknown", None, True, 19),
        ("pytest", "8.0", False, 22),
    ]


@pytest.mark.parametrize("reader", [uv_lock, poetry_lock, pdm_lock, pylock])
@pytest.mark.parametrize(
    "text", ["", "[[package", "package = 1\npackages = 1", "a = " + "[" * 100_000, "\0", "x = 'é'".encode("latin-1")]
)
def test_toml_that_is_no_lock_file_is_unreadable(reader, text):
    with pytest.raises(Unreadable):
        reader.read(text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, '{"a": ' * 100_000, "1" * 5000])
def test_json_that_is_no_lock_file_is_unreadable(text):
    with pytest.raises(Unreadable):
        pipfile_lock.read(text.encode())


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (uv_lock, "[[package]]\nversion = '1'\n"),
        (pylock, "packages = [1]\n"),
        (pipfile_lock, '{"default": []}'),
        (pipfile_lock, '{"default": {"flask": "==1.0"}}'),
    ],
)
def test_packages_that_are_none_are_problems(reader, text):
    assert reader.read(text.encode()).problems
