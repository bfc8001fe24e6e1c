import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.memory.payload import Import, SymbolKind, decode, encode
from grace.memory.python_parser import parse_python


def parse(text):
    return parse_python(textwrap.dedent(text).encode(), "m.py")


def named(payload, name):
    return next(one for one in payload.definitions if one.name == name)


def uses(text, name="f"):
    one = named(parse(text), name)
    return set(one.calls), set(one.references)


def test_definitions_in_the_order_of_the_source():
    payload = parse(
        '''
        """About the module."""
        import os
        LIMIT: int = 3

        @decorate
        class A(Base, metaclass=Meta):
            """About A.

            More."""
            size = 1

            @property
            def p(self):
                def inner(): ...
                return 1

        async def f(a, /, b: int = 2, *c, d=None, **e) -> str:
            for x in a:
                if x and b or d:
                    return [y for y in x if y]
        '''
    )
    kind = SymbolKind
    assert [
        (one.name, one.kind, one.parent, one.first_line, one.line, one.end_line) for one in payload.definitions
    ] == [
        ("", kind.MODULE, -1, 1, 1, 21),
        ("LIMIT", kind.VARIABLE, 0, 4, 4, 4),
        ("A", kind.CLASS, 0, 6, 7, 16),
        ("size", kind.VARIABLE, 2, 11, 11, 11),
        ("p", kind.METHOD, 2, 13, 14, 16),
        ("inner", kind.FUNCTION, 4, 15, 15, 15),
        ("f", kind.FUNCTION, 0, 18, 18, 21),
    ]
    assert payload.lines == 21
    assert payload.definitions[0].doc == "About the module."
    assert (named(payload, "A").doc, named(payload, "A").signature) == ("About A.", "(Base)")
    f = named(payload, "f")
    assert f.signature == "(a, /, b: int = 2, *c, d=None, **e) -> str"
    assert f.parameters == ("a", "b", "c", "d", "e")
    assert f.complexity == 1 + 1 + 1 + 2 + 2


@pytest.mark.parametrize(
    ("header", "signature"),
    [
        ("def f(): pass", "()"),
        ("def f(a,  b=(1, 2)): pass", "(a,  b=(1, 2))"),
        ("def f(\n    a,  # one\n    b: str,\n): pass", "(a, b: str)"),
        ("def f(\n    a,\n) -> dict[\n    str, int\n]: pass", "(a) -> dict[ str, int ]"),
        ("def f(a=(b or c)): pass", "(a=(b or c))"),
        ("def f(ü='(', *, k=3): pass", "(ü='(', *, k=3)"),
    ],
)
def test_signatures(header, signature):
    assert named(parse(header), "f").signature == signature


def test_calls_and_references():
    calls, references = uses("def f():\n    return g(h, a.b.c, x.y().z)\n")
    assert calls == {"g", "x.y"}
    assert references == {"h", "a.b.c", "x.y().z"}


def test_builtins_are_left_out_unless_the_file_binds_them():
    assert uses("def f():\n    print(len([]), open('x').read())\n") == (set(), set())
    assert uses("from rich import print\ndef f():\n    print(1)\n")[0] == {"print"}
    assert uses("from rich import *\ndef f():\n    print(1)\n")[0] == {"print"}


@pytest.mark.parametrize(
    ("body", "called"),
    [
        ("def f(x: Foo): x.go()", {"Foo().go"}),
        ("def f(x: 'Foo'): x.go()", {"Foo().go"}),
        ("def f(x: Foo | None = None): x.go()", {"Foo().go"}),
        ("def f(x: Optional[m.Foo]): x.go()", {"m.Foo().go"}),
        ("def f(x: Union[Foo, Bar]): x.go()", {"Foo().go", "Bar().go"}),
        ("def f(x: Annotated[Foo, 1]): x.go()", {"Foo().go"}),
        ("def f(x: type[Foo]): x.go()", {"Foo.go"}),
        ("def f(x: list[Foo]):\n    for y in x: y.go()", {"Foo().go"}),
        ("def f(x: list[Foo]): [y.go() for y in x]", {"Foo().go"}),
        ("def f(x: list[Foo]):\n    for i, y in enumerate(x): y.go()", {"Foo().go"}),
        ("def f(x: dict[str, Foo]):\n    for k, y in x.items(): y.go()", {"Foo().go"}),
        ("def f(x: dict[str, Foo]): x['a'].go()", {"Foo().go"}),
        ("def f(x: Mapping[str, Foo]): x.get('a').go()", {"Foo().go"}),
        ("def f(*x: Foo): x[0].go()", {"Foo().go"}),
        ("def f():\n    x = Foo(1)\n    x.go()", {"Foo", "Foo().go"}),
        ("def f():\n    x = y = make()\n    y.go()", {"make", "make().go"}),
        ("def f():\n    x = Foo()\n    y = x\n    y.go()", {"Foo", "Foo().go"}),
        ("def f():\n    if (x := Foo()): x.go()", {"Foo", "Foo().go"}),
        ("def f(x):\n    assert isinstance(x, (Foo, Bar))\n    x.go()", {"Foo().go", "Bar().go"}),
        ("def f(x):\n    match x:\n        case Foo(): x.go()", {"Foo().go"}),
        ("def f(x): cast('Foo', x).go()", {"cast", "Foo().go"}),
        ("def f():\n    try: g()\n    except Bad as e: e.go()", {"g", "Bad().go"}),
        ("def f():\n    x = functools.partial(g, 1)\n    x()", {"functools.partial", "g"}),
        ("def f(x): x.go().on()", {"?.go", "?.on"}),
        ("def f(x):\n    x = x.next\n    x.go()", {"?.go"}),
        ("def f():\n    x = []\n    x.append(1)", set()),
        ("def f(x: Foo):\n    def g(): x.go()", set()),
        ("def f(x):\n    global g\n    g = 1\n    g.go()", {"g.go"}),
        ("def f(x: Foo): return x == 1", {"Foo().__eq__"}),
    ],
)
def test_what_locals_stand_for(body, called):
    assert uses(body)[0] == called


def test_a_with_statement_enters_and_leaves():
    calls, _ = uses("def f():\n    with open_it() as x: x.go()")
    assert calls == {"open_it", "open_it().__enter__", "open_it().__exit__", "open_it().__enter__().go"}


def test_names_of_the_function_around_are_put_in():
    assert uses("def outer(x: Foo):\n    def f(): x.go()", "f")[0] == {"Foo().go"}


def test_methods_speak_of_self_and_cls_whatever_the_parameter_is_called():
    text = "class A:\n    def f(this): this.a.go()\n    @classmethod\n    def g(kls): kls.b()\n"
    text += "    def h(self): super().h()\n"
    assert uses(text)[0] == {"self.a.go"}
    assert uses(text, "g")[0] == {"cls.b"}
    assert uses(text, "h")[0] == {"super().h"}


def test_types_of_attributes_and_variables():
    payload = parse(
        """
        app = Flask(__name__)
        limit: Limit
        class A:
            size: Size = None
            items = [Item()]
            def __init__(self, engine: Engine, other):
                self.engine = engine
                self.other = other
                self.made = make(self)
                self.all: dict[str, Item] = {}
        """
    )
    assert payload.definitions[0].types == {"app": ("Flask()",), "limit": ("Limit()",)}
    assert named(payload, "A").types == {
        "size": ("Size()",),
        "items": ("Item(){}",),
        "engine": ("Engine()",),
        "other": (),
        "made": ("make()",),
        "all": ("Item(){:}",),
    }


@pytest.mark.parametrize(
    ("text", "returns"),
    [
        ("def f() -> Foo: return bar", ("Foo()",)),
        ("def f() -> Iterator[Foo]: yield 1", ("Foo(){}",)),
        ("def f(): return Foo(1)", ("Foo()",)),
        ("def f():\n    x = Foo()\n    return x", ("Foo()",)),
        ("def f():\n    yield Foo()", ("Foo(){}",)),
        ("def f() -> Callable[[], Foo]:\n    def g(): ...\n    return g", ("g",)),
        ("class A:\n    def f(self): return self", ("self",)),
        ("class A:\n    def f(self) -> Self: ...", ("self",)),
        ("class A:\n    def f(self): return self.x", ("self.x",)),
        ("def f(x): return x", ()),
    ],
)
def test_returns(text, returns):
    assert named(parse(text), "f").returns == returns


def test_decorators_belong_to_the_scope_around_and_to_what_they_decorate():
    payload = parse("@app.route('/')\n@pytest.fixture\ndef f(): pass\n")
    assert set(payload.definitions[0].calls) == {"app.route", "app.route()", "pytest.fixture"}
    assert set(named(payload, "f").references) == {"app.route", "pytest.fixture"}
    assert named(payload, "f").bases == ("app.route()", "pytest.fixture")


def test_parameters_of_tests_keep_their_names():
    assert uses("def test_a(client): client.get()", "test_a")[0] == {"client.get"}
    assert uses("@pytest.fixture()\ndef f(app): app.run()")[0] == {"app.run"}


def test_parameters_that_pytest_fills_from_a_table():
    header = "@pytest.mark.parametrize(('make', 'n'), [(Foo, 1), pytest.param(Bar, 2)])\n"
    assert uses(header + "def test_a(make, n): make()", "test_a")[0] == {"Foo", "Bar"}


def test_imports_and_exports():
    payload = parse(
        """
        import a.b, c as d
        from ..x import y as z
        from w import *
        if TYPE_CHECKING:
            from t import T
        def f():
            from . import late
        __all__ = ["one"]
        __all__ += ("two",)
        __all__.extend(["three"])
        """
    )
    assert set(payload.imports) == {
        Import(0, "a", 0, "a.b", ""),
        Import(0, "d", 0, "c", ""),
        Import(0, "z", 2, "x", "y"),
        Import(0, "*", 0, "w", "*"),
        Import(0, "T", 0, "t", "T"),
        Import(1, "late", 1, "", "late"),
    }
    assert payload.exports == ("one", "two", "three")


def test_words_of_each_symbol():
    payload = parse(
        """
        '''Parsing apples.'''
        class Pear:
            '''Juicy.'''
            def eat(self):
                '''Chew banana.'''
        """
    )
    assert "appl" in payload.definitions[0].words and "banana" not in payload.definitions[0].words
    assert "juicy" in named(payload, "Pear").words and "banana" not in named(payload, "Pear").words
    assert "banana" in named(payload, "eat").words


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (b"def f(:\n    pass\n", "line 1: "),
        (b"class A:\n    def f(self):\n        print 'x'\n", "line 3: "),
        (b"x = 1\ndef f(): \x00 pass", "line 2: "),
        (b"# coding: nonsense\ndef f(): pass", "unknown encoding"),
        ("def f(): 'ü'".encode("latin-1"), "utf-8"),
        (b"def f():\n    return " + b"(" * 3000 + b")" * 3000, ""),
        (b"def f(): pass\nx = " + b"-" * 100_000 + b"1", "nested too deeply"),
    ],
)
def test_what_cannot_be_parsed_keeps_its_headers(source, problem):
    payload = parse_python(source, "m.py")
    assert problem in payload.problem and payload.problem
    assert named(payload, "f").kind in (SymbolKind.FUNCTION, SymbolKind.METHOD)
    assert payload.definitions[0].end_line == source.count(b"\n") + 1


def test_headers_nest_by_indentation():
    payload = parse(
        "class A:\n    def f(self):\n        def g(): pass\n\n    def h(self): pass\nprint 'x'\ndef k(): pass\n"
    )
    assert [(one.name, one.parent, one.line, one.end_line) for one in payload.definitions[1:]] == [
        ("A", 0, 1, 6),
        ("f", 1, 2, 4),
        ("g", 2, 3, 4),
        ("h", 1, 5, 6),
        ("k", 0, 7, 8),
    ]
    assert payload.problem


@pytest.mark.parametrize(
    "source",
    [
        b"x = [" + b"1, " * 100_000 + b"]",
        b"x = '" + b"a" * 1_000_000 + b"'",
        b"x = " + b" + ".join([b"y"] * 900),
        b"x = a" + b".b()" * 900,
        b"def f(x0):\n" + b"".join(b"    x%d = x%d.a()\n" % (number + 1, number) for number in range(2000)),
        b"",
        b"\r\n\x0c\n",
        b"\xef\xbb\xbfdef f(): pass",
        "# -*- coding: latin-1 -*-\ndef f(ü): 'ä'".encode("latin-1"),
        b"def f(): return '\\d'",
        b"async def f():\n    async with a as b, c:\n        async for x in b: yield x\n",
        b"try: pass\nexcept* ValueError as e: e.x()\n",
        b"match x:\n    case {'a': A(b=c), **rest} | [*d] if rest: pass\n",
        b"f = lambda *a, b=1, **k: (a, k)\nx[1:2], y.z = [*a], {**b}\n",
        b"def f(a=(yield)): del a.b, a[0]\n",
    ],
)
def test_any_size_and_shape(source, recwarn):
    payload = parse_python(source, "m.py")
    assert payload.definitions[0].kind is SymbolKind.MODULE
    assert not payload.problem
    assert len(decode(encode(payload)).definitions) == len(payload.definitions)
    assert not recwarn.list


@given(st.binary(max_size=300) | st.text("def class()[]{}:=,.*@\n \t\"'#x1\\\0é", max_size=200).map(str.encode))
def test_never_fails(source):
    payload = parse_python(source, "m.py")
    assert all(one.parent < index for index, one in enumerate(payload.definitions))
    assert all(1 <= one.first_line <= one.line <= one.end_line for one in payload.definitions)
