import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.causal.import_graph import build_import_graph


def arrows(**files):
    """Arrows of files given as `folder__name="source"` (two underscores: a slash; `init`: `__init__`)."""
    sources = {
        name.replace("__", "/").replace("init", "__init__") + ".py": text.encode() for name, text in files.items()
    }
    graph = build_import_graph(sources)
    return {(importer, target) for target, importers in graph.importers.items() for importer in importers}


@pytest.mark.parametrize(
    "statement",
    [
        "import pkg.core",
        "import pkg.core as c",
        "from pkg import core",
        "from pkg.core import f",
        "from pkg.core import *",
        "def late():\n    import pkg.core",
        "if TYPE_CHECKING:\n    from pkg.core import T",
        "import importlib\nimportlib.import_module('pkg.core')",
        "__import__('pkg.core')",
    ],
)
@pytest.mark.parametrize("root", ["", "src__", "deep__er__"])
def test_absolute_imports(statement, root):
    files = {f"{root}pkg__init": "", f"{root}pkg__core": "", "app": statement}
    folder = root.replace("__", "/")
    assert arrows(**files) == {("app.py", f"{folder}pkg/core.py")}


@pytest.mark.parametrize(
    ("statement", "target"),
    [
        ("from . import core", "pkg/sub/core.py"),
        ("from .core import f", "pkg/sub/core.py"),
        ("from .. import top", "pkg/top.py"),
        ("from ..top import f", "pkg/top.py"),
        ("from .. import VERSION", "pkg/__init__.py"),
        ("from .core import f as g, h", "pkg/sub/core.py"),
    ],
)
def test_relative_imports(statement, target):
    files = {
        "pkg__init": "",
        "pkg__top": "",
        "pkg__sub__init": "",
        "pkg__sub__core": "",
        "pkg__sub__user": statement,
    }
    assert arrows(**files) == {("pkg/sub/user.py", target)}


def test_a_relative_import_in_a_package_file():
    assert arrows(pkg__init="from .core import f", pkg__core="") == {("pkg/__init__.py", "pkg/core.py")}


def test_a_relative_import_beyond_the_top_leads_nowhere_else():
    assert arrows(a="from ...... import b", b="") <= {("a.py", "b.py")}


def test_namespace_packages_and_scripts_beside_each_other():
    assert arrows(space__core="", app="import space.core") == {("app.py", "space/core.py")}
    assert arrows(scripts__lib="", scripts__run="import lib", lib="") == {("scripts/run.py", "scripts/lib.py")}


def test_equally_near_meanings_all_count():
    assert arrows(a__lib="", b__lib="", run="import lib") == {("run.py", "a/lib.py"), ("run.py", "b/lib.py")}


def test_other_peoples_modules_make_no_arrow():
    assert arrows(app="import os.path, numpy\nfrom json import loads") == set()


def test_tests_need_the_conftest_files_above_them():
    graph = build_import_graph({"conftest.py": b"", "tests/conftest.py": b"", "tests/test_a.py": b"", "a.py": b""})
    assert graph.importers == {
        "conftest.py": {"tests/conftest.py", "tests/test_a.py"},
        "tests/conftest.py": {"tests/test_a.py"},
    }


def test_what_runs_a_package_is_kept_apart():
    graph = build_import_graph({"pkg/__init__.py": b"", "pkg/core.py": b"", "app.py": b"import pkg.core"})
    assert graph.inside == {"pkg/__init__.py": {"app.py"}}


def test_blind_spots_are_named():
    graph = build_import_graph(
        {
            "broken.py": b"def f(:",
            "null.py": b"\0",
            "dynamic.py": b"importlib.import_module(name)",
            "relative.py": b"import_module('.x', __package__)",
            "old.py": "x = 'ä'".encode("latin-1"),
        }
    )
    assert set(graph.unparsable) == {"broken.py", "null.py", "old.py"}
    assert graph.dynamic == ("dynamic.py", "relative.py")


@given(
    st.dictionaries(
        st.from_regex(r"([a-z]{1,2}/){0,2}(__init__|[a-c])\.py", fullmatch=True),
        st.sampled_from([b"import a", b"from . import a, b", b"from .. import c", b"from a.b import *", b"?"]),
    )
)
def test_arrows_join_known_files_and_never_a_file_to_itself(sources):
    graph = build_import_graph(sources)
    for target, importers in graph.importers.items():
        assert target in sources
        assert importers <= sources.keys() - {target}
