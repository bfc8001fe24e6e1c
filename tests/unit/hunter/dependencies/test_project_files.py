"""pyproject.toml, Pipfile, setup.cfg, setup.py."""

import pytest
from packaging.specifiers import SpecifierSet

from grace.hunter.dependencies.readers import pipfile, pyproject, setup_cfg, setup_py
from grace.hunter.dependencies.source_text import Unreadable


def said(declarations):
    """Name, version, specifier and line of each dependency."""
    return [(each.name, each.version, each.specifier, each.line) for each in declarations.dependencies]


def test_every_standard_table_of_pyproject_is_read():
    text = """
[build-system]
requires = ["hatchling>=1"]

[project]
name = "shop"
dependencies = [
    "flask==2.0",
    "requests>=2 ; python_version < '3.9'",
]

[project.optional-dependencies]
all = ["shop[fast]"]
fast = ["orjson"]

[dependency-groups]
dev = ["pytest==8.0", {include-group = "docs"}]
docs = ["sphinx~=7.0"]
"""
    declarations = pyproject.read(text.encode())
    assert declarations.problems == ()
    assert declarations.project == "shop"
    assert said(declarations) == [
        ("flask", "2.0", "==2.0", 8),
        ("requests", None, ">=2", 9),
        ("shop", None, "", 13),
        ("orjson", None, "", 14),
        ("pytest", "8.0", "==8.0", 17),
        ("sphinx", None, "~=7.0", 18),
        ("hatchling", None, ">=1", 3),
    ]
    assert [each.name for each in declarations.dependencies if each.build] == ["hatchling"]


def test_sources_of_uv_say_where_a_dependency_comes_from():
    text = """
[project]
dependencies = ["a", "b", "c", "d>=1 ; extra == 'x'"]
[tool.uv.sources]
a = { git = "https://git.example/a" }
b = { path = "../b" }
c = { workspace = true }
d = { index = "internal" }
"""
    declarations = pyproject.read(text.encode())
    assert [(each.name, bool(each.skipped)) for each in declarations.dependencies] == [("a", True), ("d", False)]
    assert declarations.dependencies[1].marker
    assert [(each.name, each.path) for each in declarations.local_projects] == [("b", "../b"), ("c", "")]


def test_tables_of_poetry_are_read():
    text = """
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
python = "^3.11"
flask = "2.0.1"
requests = { version = "^2.20", extras = ["socks"] }
helper = { git = "https://git.example/helper.git" }
sibling = { path = "../sibling", develop = true }
django = [{ version = "3.2", python = "<3.10" }, { version = "4.0", python = ">=3.10" }]
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""
    declarations = pyproject.read(text.encode())
    assert declarations.problems == ()
    assert said(declarations) == [
        ("flask", "2.0.1", "==2.0.1", 6),
        ("requests", None, "<3,>=2.20", 7),
        ("helper", None, "", 8),
        ("django", "3.2", "==3.2", 10),
        ("django", "4.0", "==4.0", 10),
        ("pytest", None, "", 12),
    ]
    assert [each.path for each in declarations.local_projects] == ["../sibling"]


@pytest.mark.parametrize(
    ("written", "within", "beyond"),
    [
        ("^1.2.3", ["1.2.3", "1.9"], ["1.2.2", "2.0"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3", "1.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("^0", ["0.5"], ["1.0"]),
        ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3"]),
        ("~1", ["1.0", "1.9"], ["2.0"]),
        ("~=1.2", ["1.2", "1.9"], ["2.0"]),
        ("1.*", ["1.0", "1.9"], ["2.0"]),
        (">=1.0 <2.0", ["1.5"], ["2.0"]),
        ("*", ["0.1", "99"], []),
    ],
)
def test_versions_as_poetry_writes_them(written, within, beyond):
    text = f'[tool.poetry.dependencies]\nthing = "{written}"\n'
    (dependency,) = pyproject.read(text.encode()).dependencies
    specifier = SpecifierSet(dependency.specifier)
    assert dependency.version is None
    assert all(version in specifier for version in within)
    assert not any(version in specifier for version in beyond)


def test_pipfile():
    text = """
[packages]
flask = "==2.0"
requests = "*"
k = {version = ">=1", markers = "y"}
[dev-packages]
"py.test" = "*"
"""
    assert said(pipfile.read(text.encode())) == [
        ("flask", "2.0", "==2.0", 3),
        ("requests", None, "", 4),
        ("k", None, ">=1", 5),
        ("py.test", None, "", 7),
    ]


def test_setup_cfg():
    text = """
[metadata]
name = shop
[options]
setup_requires = wheel
install_requires =
    flask==2.0
    requests>=2 ; python_version < "3.9"
    # nothing else
[options.extras_require]
fast = orjson
files = file: requirements.txt
"""
    declarations = setup_cfg.read(text.encode())
    assert said(declarations) == [
        ("flask", "2.0", "==2.0", 7),
        ("requests", None, ">=2", 8),
        ("orjson", None, "", 11),
        ("wheel", None, "", 5),
    ]
    assert [(each.path, each.line) for each in declarations.includes] == [("requirements.txt", 12)]
    assert declarations.project == "shop"


def test_setup_py_is_read_and_not_run():
    text = """
from setuptools import setup
raise SystemExit
BASE = ["flask==2.0"]
setup(
    name="shop",
    install_requires=[*BASE, "requests>=2"],
    extras_require={"fast": ["orjson"], "all": BASE},
    tests_require=open("test.txt").read(),
)
"""
    declarations = setup_py.read(text.encode())
    assert said(declarations) == [("flask", "2.0", "==2.0", 4), ("requests", None, ">=2", 7), ("orjson", None, "", 8)]
    assert [problem.line for problem in declarations.problems] == [9]


def test_names_in_setup_py_that_name_each_other_come_to_an_end():
    names = "\n".join(f"a{at} = [{', '.join([f'a{at + 1}'] * 20)}]" for at in range(12))
    text = f"{names}\na12 = ['flask==1.0']\nsetup(install_requires=a0)\n"
    assert said(setup_py.read(text.encode())) == [("flask", "1.0", "==1.0", 13)]


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (pyproject, "[project"),
        (pyproject, "a = " + "[" * 100_000),
        (pyproject, ".".join("a" * 50_000) + " = 1"),
        (pyproject, "a = 1" + "0" * 5000),
        (pipfile, "not toml"),
        (setup_cfg, "no section\n"),
        (setup_py, "def"),
        (setup_py, "(" * 10_000),
    ],
)
def test_a_file_that_is_something_else_is_unreadable(reader, text):
    with pytest.raises(Unreadable):
        reader.read(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "[project]\ndependencies = 'flask'\n",
        "[project]\ndependencies = [1]\n",
        "[tool.poetry.dependencies]\nflask = 1\n",
        "[project]\ndependencies = ['two words']\n",
    ],
)
def test_wrong_entries_are_problems(text):
    assert pyproject.read(text.encode()).problems


@pytest.mark.parametrize("text", ["project = 1", "tool = 1", "[tool]\npoetry = []", "dependency-groups = 'x'", ""])
def test_tables_that_are_none_declare_nothing(text):
    assert pyproject.read(text.encode()).dependencies == ()
