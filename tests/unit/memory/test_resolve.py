import textwrap
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.memory.graph import EdgeKind
from grace.memory.payload import Definition, Import, Payload, SymbolKind
from grace.memory.python_parser import parse_python
from grace.memory.resolve import interface, resolve


class Files:
    """A repository in memory that notes which files were read."""

    def __init__(self, payloads):
        self.paths = {path: number for number, path in enumerate(payloads)}
        self.payloads = list(payloads.values())
        self.read = set()
        self.first = [0]
        for payload in self.payloads:
            self.first.append(self.first[-1] + len(payload.definitions))

    def payload(self, file_id):
        self.read.add(file_id)
        return self.payloads[file_id]

    def symbol_ids(self, file_id):
        return range(self.first[file_id], self.first[file_id + 1])

    def named(self, name):
        return [
            (number, index)
            for number, payload in enumerate(self.payloads)
            for index, one in enumerate(payload.definitions)
            if one.name == name and one.kind in (SymbolKind.CLASS, SymbolKind.FUNCTION, SymbolKind.METHOD)
        ]

    def place(self, symbol):
        number = next(number for number in range(len(self.payloads)) if self.first[number + 1] > symbol)
        definitions, index, names = self.payloads[number].definitions, symbol - self.first[number], []
        while index > 0:
            names.append(definitions[index].name)
            index = definitions[index].parent
        path = next(path for path, one in self.paths.items() if one == number)
        return ":".join([path, ".".join(reversed(names))]).rstrip(":")


def files(sources):
    return Files({path: parse_python(textwrap.dedent(text).encode(), path) for path, text in sources.items()})


def edges(sources, *, of=None):
    """(from, to) -> kinds, each with how sure it is."""
    world = files(sources)
    found = defaultdict(dict)
    for source, target, kind, sure in resolve(range(len(world.payloads)) if of is None else of, world).edges:
        found[world.place(source), world.place(target)][kind] = sure
    return found


def calls(sources, caller):
    """What a function calls, by its name in a.py."""
    return {
        target: kinds[EdgeKind.CALL]
        for (source, target), kinds in edges(sources).items()
        if source == f"a.py:{caller}" and EdgeKind.CALL in kinds
    }


LIB = """
    class Foo:
        def __init__(self): ...
        def go(self): ...
        @property
        def size(self): ...
        def me(self) -> "Foo": ...
        def __enter__(self): return self
        def __exit__(self, *a): ...
        def __getitem__(self, key) -> "Bar": ...
    class Bar:
        def run(self): ...
    def make() -> Foo: ...
    def makers(): return [Foo()]
    THE = Foo()
"""


@pytest.mark.parametrize(
    ("importing", "using"),
    [
        ("from lib import make", "make()"),
        ("from lib import make as m", "m()"),
        ("import lib", "lib.make()"),
        ("import lib as l", "l.make()"),
        ("from pkg import make", "make()"),
        ("from pkg import make", "[make() for _ in x]"),
        ("import pkg", "pkg.make()"),
        ("import pkg.sub", "pkg.sub.make()"),
        ("from pkg import sub", "sub.make()"),
        ("from star import make", "make()"),
        ("from circle import make", "make()"),
        ("try:\n    from lib import make\nexcept ImportError:\n    make = None", "make()"),
        ("if TYPE_CHECKING:\n    from lib import make", "make()"),
        ("", "from lib import make\n    make()"),
        ("from space.inner.deep import make", "make()"),
        ("import space.inner.deep", "space.inner.deep.make()"),
        ("from lib import make\nalias = make", "alias()"),
    ],
)
def test_names_reach_their_definition(importing, using):
    found = calls(
        {
            "a.py": f"{importing}\ndef f(x):\n    {using}\n",
            "lib.py": LIB,
            "pkg/__init__.py": "from .sub import make",
            "pkg/sub.py": "from lib import make",
            "star.py": "from pkg.sub import *\nfrom lib import *",
            "circle.py": "from circle2 import *\nfrom lib import make",
            "circle2.py": "from circle import *",
            "space/inner/deep.py": "from lib import make",
        },
        "f",
    )
    assert found.keys() == {"lib.py:make"}


@pytest.mark.parametrize(
    ("body", "target", "sure"),
    [
        ("def f(x: Foo): x.go()", "lib.py:Foo.go", 90),
        ("def f(x: Foo): x.size", "lib.py:Foo.size", 90),
        ("def f(x: Foo): x.me().me().go()", "lib.py:Foo.go", 90),
        ("def f(): Foo().go()", "lib.py:Foo.go", 90),
        ("def f(): Foo()", "lib.py:Foo.__init__", 100),
        ("def f():\n    x = make()\n    x.go()", "lib.py:Foo.go", 90),
        ("def f():\n    for x in makers(): x.go()", "lib.py:Foo.go", 90),
        ("def f():\n    with Foo() as x: x.go()", "lib.py:Foo.go", 90),
        ("def f():\n    with Foo() as x: x.go()", "lib.py:Foo.__exit__", 90),
        ("def f(x: Foo): x[1].run()", "lib.py:Bar.run", 90),
        ("def f(x: Foo): x[1].run()", "lib.py:Foo.__getitem__", 90),
        ("class G:\n    def __getattr__(self, name): ...\ndef f(x: G): x.any", "a.py:G.__getattr__", 90),
        ("def f(): THE.go()", "lib.py:Foo.go", 100),
        ("def f(x: Foo | Bar): x.run()", "lib.py:Bar.run", 90),
        ("class A(Foo):\n    def f(self): self.go()", "lib.py:Foo.go", 100),
        ("class A(Foo):\n    def f(self): super().go()", "lib.py:Foo.go", 90),
        ("class A:\n    def __init__(self): self.x = Foo()\n    def f(self): self.x.go()", "lib.py:Foo.go", 100),
        ("class A:\n    x: Foo\n    def f(self): self.x.go()", "lib.py:Foo.go", 100),
        (
            "class A:\n    x: dict[str, Foo]\n    def f(self):\n        for y in self.x.values(): y.go()",
            "lib.py:Foo.go",
            90,
        ),
        ("class A:\n    @classmethod\n    def f(cls): cls()\n    def __init__(self): ...", "a.py:A.__init__", 100),
        ("def f():\n    def g(): ...\n    g()", "a.py:f.g", 100),
        (
            "def deco(g):\n    def inner(): g()\n    return inner\n@deco\ndef h(): ...\ndef f(): h()",
            "a.py:deco.inner",
            90,
        ),
        (
            "class M(type):\n    def __new__(cls, *a): ...\ndef f():\n    class A(metaclass=M): ...",
            "a.py:M.__new__",
            100,
        ),
    ],
)
def test_calls_by_what_things_are(body, target, sure):
    caller = "A.f" if body.startswith("class A") else "f"
    found = calls({"a.py": f"from lib import *\n{body}\n", "lib.py": LIB}, caller)
    assert found.get(target) == sure


def test_a_value_of_several_kinds_is_less_sure():
    found = calls(
        {"a.py": "class A:\n    def go(s): ...\nclass B:\n    def go(s): ...\nx = A() or B()\ndef f(): x.go()"}, "f"
    )
    assert found == {"a.py:A.go": 70, "a.py:B.go": 70}


def test_kinds_of_edges():
    found = edges(
        {
            "a.py": "from b import Base, helper\nclass A(Base):\n    def go(self): helper\n@helper\ndef f(): ...\n",
            "b.py": "class Base:\n    def go(self): ...\ndef helper(g): ...\n",
        }
    )
    assert found["a.py", "b.py"] == {EdgeKind.IMPORTS: 100}
    assert found["a.py:A", "b.py:Base"] == {EdgeKind.INHERITS: 100}
    assert found["b.py:Base.go", "a.py:A.go"] == {EdgeKind.OVERRIDDEN: 100}
    assert found["a.py:A.go", "b.py:helper"] == {EdgeKind.REFERENCE: 100}
    assert EdgeKind.CALL in found["a.py", "b.py:helper"]


def test_importing_a_module_runs_the_packages_around_it():
    found = edges({"a.py": "import p.q.m", "p/__init__.py": "", "p/q/__init__.py": "", "p/q/m.py": ""})
    assert {target for source, target in found if source == "a.py"} == {"p/__init__.py", "p/q/__init__.py", "p/q/m.py"}


@pytest.mark.parametrize(
    ("importer", "statement", "target"),
    [
        ("app.py", "import pkg.core", "src/pkg/core.py"),
        ("src/pkg/x.py", "from .core import f", "src/pkg/core.py"),
        ("src/pkg/sub/x.py", "from ..core import f", "src/pkg/core.py"),
        ("tests/test_x.py", "from pkg.core import f", "src/pkg/core.py"),
        ("tests/test_x.py", "import tool", "tests/tool.py"),
        ("other/far/x.py", "import deep_package", "one/two/deep_package/__init__.py"),
        ("src/pkg/x.py", "import json", None),
        ("src/pkg/x.py", "from .... import core", None),
    ],
)
def test_layouts(importer, statement, target):
    others = ("src/pkg/__init__.py", "src/pkg/core.py", "src/pkg/json.py", "src/pkg/sub/__init__.py", "tests/tool.py")
    sources = dict.fromkeys((*others, "one/two/deep_package/__init__.py", "tool/__init__.py"), "")
    found = {target for _, target in edges({**sources, importer: statement})}
    assert found >= {target} if target else not found


def test_fixtures():
    found = edges(
        {
            "tests/conftest.py": "import pytest\nfrom lib import Foo\n@pytest.fixture\ndef foo(): yield Foo()\n",
            "tests/a/conftest.py": "import pytest\n@pytest.fixture\ndef other(foo): return foo\n",
            "tests/a/test_x.py": "def test_x(other, foo):\n    foo.go()\n    other.size\n",
            "lib.py": LIB,
        }
    )
    test = "tests/a/test_x.py:test_x"
    assert found[test, "tests/conftest.py:foo"] == {EdgeKind.FIXTURE: 100}
    assert found[test, "tests/a/conftest.py:other"] == {EdgeKind.FIXTURE: 100}
    assert found["tests/a/conftest.py:other", "tests/conftest.py:foo"] == {EdgeKind.FIXTURE: 100}
    assert EdgeKind.CALL in found[test, "lib.py:Foo.go"]
    assert EdgeKind.CALL in found[test, "lib.py:Foo.size"]


def test_what_only_a_name_tells_is_a_guess():
    sources = {
        "a.py": "def f(x):\n    x.rare()\n    x.append(1)\n    x.missing()\n",
        "b.py": "class B:\n    def rare(self): ...\n",
    }
    assert edges(sources)["a.py:f", "b.py:B.rare"] == {EdgeKind.MAYBE_CALL: 60}
    assert resolve([0], files(sources)).unresolved == {0: 2}
    sources["c.py"] = sources["b.py"]
    assert edges(sources)["a.py:f", "b.py:B.rare"] == {EdgeKind.MAYBE_CALL: 30}
    sources |= {"d.py": sources["b.py"], "e.py": sources["b.py"]}
    assert not edges(sources)


def test_only_what_is_needed_is_read():
    world = files({"a.py": "import b\nb.f()\n", "b.py": "import c\ndef f(): ...\n", "c.py": "", "d.py": "import b"})
    resolve([0], world)
    assert world.read == {0, 1}


@pytest.mark.parametrize(
    "text",
    [
        "x = x\nx.go()",
        "x = y\ny = x\nx.go()",
        "class A(A): ...\nA().go()",
        "class A(B): ...\nclass B(A): ...\nA().go()",
        "def f(): return f()\nf().go()",
        "class A:\n    def f(self): self.x = self.x.y\n    def g(self): self.x.y.z()",
        "class A:\n    def f(self): self.x = [self.x]\n    def g(self): self.x[0][0].z()",
        "from a import *\nfrom a import x\nx.y()",
        "import a\na.a.a.b()",
        "@f\ndef f(): ...\nf().x()",
        "class M(metaclass=M): ...\nM.x()",
    ],
)
def test_circles_end(text):
    assert all(src != dst for src, dst, *_ in resolve([0], files({"a.py": text})).edges)


def test_long_chains_end():
    count = 600
    sources = {f"m{number}.py": f"from m{number + 1} import x\n" for number in range(count)}
    sources["a.py"] = "from m0 import x\nx()\n" + "class C0: ...\n"
    sources["a.py"] += "".join(f"class C{number + 1}(C{number}): ...\n" for number in range(count))
    sources["a.py"] += f"C{count}().go()\ny0 = C0()\n" + "".join(
        f"y{number + 1} = y{number}.a\n" for number in range(count)
    )
    sources["a.py"] += f"y{count}.go()\n"
    world = files(sources)
    inherits = [edge for edge in resolve([world.paths["a.py"]], world).edges if edge[2] is EdgeKind.INHERITS]
    assert len(inherits) == count


def test_scripts_import_by_path():
    def script(*imports, calls=()):
        module = Definition("", SymbolKind.MODULE, -1, 1, 1, 1, calls=calls)
        function = Definition("go", SymbolKind.FUNCTION, 0, 1, 1, 1)
        return Payload("typescript", (module, function), imports)

    world = Files(
        {
            "src/a.ts": script(
                *(
                    Import(0, alias, 0, module, "go")
                    for alias, module in (("x", "./b"), ("y", "../lib"), ("z", "react"))
                ),
                calls=("x", "y", "z"),
            ),
            "src/b.tsx": script(),
            "lib/index.js": script(),
        }
    )
    found = {(world.place(target), kind) for _, target, kind, _ in resolve([0], world).edges}
    assert found == {
        ("src/b.tsx", EdgeKind.IMPORTS),
        ("src/b.tsx:go", EdgeKind.CALL),
        ("lib/index.js", EdgeKind.IMPORTS),
        ("lib/index.js:go", EdgeKind.CALL),
    }


@pytest.mark.parametrize(
    ("after", "same"),
    [
        ("import os\ndef f(a):\n    import re\n    def g(): ...\n    other(a)\n", True),
        ("import os\n\n\ndef f(a): pass\n", True),
        ("import os\ndef f(a, b): pass\n", False),
        ("import os\ndef g(a): pass\n", False),
        ("import re\ndef f(a): pass\n", False),
        ("import os\ndef f(a) -> Foo: pass\n", False),
        ("import os\n@property\ndef f(a): pass\n", False),
        ("import os\ndef f(a): pass\nx = Foo()\n", False),
    ],
)
def test_the_interface_is_what_others_can_see(after, same):
    before = parse_python(b"import os\ndef f(a): pass\n", "a.py")
    assert (interface(before) == interface(parse_python(after.encode(), "a.py"))) is same


def test_the_interface_of_a_stored_payload_is_the_same():
    from grace.memory.payload import decode, encode

    payload = parse_python(textwrap.dedent(LIB).encode(), "a.py")
    assert interface(decode(encode(payload))) == interface(payload)


@given(st.lists(st.text("abxyz=.()[]{}:*,@\n classdefimportreturnself", max_size=80), max_size=3))
def test_never_fails(texts):
    world = files({f"{name}.py": text for name, text in zip("abc", texts, strict=False)})
    assert all(src != dst for src, dst, *_ in resolve(range(len(texts)), world).edges)
