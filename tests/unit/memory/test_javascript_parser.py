"""What a JavaScript or TypeScript file says of itself."""

from pathlib import Path

import pytest

from grace.memory.database import Database
from grace.memory.indexer import index_repository
from grace.memory.javascript_parser import parse_javascript
from grace.memory.payload import Definition, Import, Payload, SymbolKind
from tests.unit.memory import code_base


def parse(source: str, path: str = "a.ts") -> Payload:
    return parse_javascript(source.encode(), path)


def named(payload: Payload, name: str) -> Definition:
    (found,) = [one for one in payload.definitions if one.name == name]
    return found


@pytest.mark.parametrize(
    ("source", "name", "kind"),
    [
        ("function f() {}", "f", SymbolKind.FUNCTION),
        ("function* f() {}", "f", SymbolKind.FUNCTION),
        ("const f = () => 1;", "f", SymbolKind.FUNCTION),
        ("export const f = function () {};", "f", SymbolKind.FUNCTION),
        ("module.exports = { f: function () {} };", "f", SymbolKind.FUNCTION),
        ("exports.f = () => {};", "f", SymbolKind.FUNCTION),
        ("export default function () {}", "default", SymbolKind.FUNCTION),
        ("class f {}", "f", SymbolKind.CLASS),
        ("export default class f {}", "f", SymbolKind.CLASS),
        ("interface f { run(): void }", "f", SymbolKind.CLASS),
        ("type f = { a: string };", "f", SymbolKind.CLASS),
        ("enum f { A }", "f", SymbolKind.CLASS),
        ("enum E { f = 1 }", "f", SymbolKind.VARIABLE),
        ("namespace f { export const a = 1; }", "f", SymbolKind.CLASS),
        ("interface I { f(a: A): B }", "f", SymbolKind.METHOD),
        ("declare function f(a: A): B;", "f", SymbolKind.FUNCTION),
        ("function f(a: A): B;\nfunction f(a: any) { return a; }", "f", SymbolKind.FUNCTION),
        ("const f = { run() {} };", "f", SymbolKind.CLASS),
        ("const api = { f: () => 1 };", "f", SymbolKind.METHOD),
        ("export default { methods: { f() {} } };", "f", SymbolKind.METHOD),
        ("export const f = memo(forwardRef(() => null));", "f", SymbolKind.FUNCTION),
        ("var app = exports = module.exports = {};\napp.f = function () {};", "f", SymbolKind.METHOD),
        ("function A() {}\nA.prototype.f = function () {};", "f", SymbolKind.METHOD),
        ("class A { get f() { return 1 } set f(v) {} }", "f", SymbolKind.METHOD),
        ("class C { f() {} }", "f", SymbolKind.METHOD),
        ("class C { f = () => 1; }", "f", SymbolKind.METHOD),
        ("class C { f = 1; }", "f", SymbolKind.VARIABLE),
        ("const f = 1;", "f", SymbolKind.VARIABLE),
    ],
)
def test_definitions_of_every_form_are_found(source: str, name: str, kind: SymbolKind) -> None:
    assert named(parse(source), name).kind is kind


def test_a_definition_knows_its_place_and_its_words() -> None:
    comment = "\n/**\n * Adds them up.\n * More.\n */\n"
    source = comment + "export function addUp(x: number, y = 2): number {\n  return x + y;\n}\n"
    one = named(parse(source), "addUp")
    assert (one.line, one.first_line, one.end_line) == (6, 6, 8)
    assert (one.signature, one.doc, one.parameters) == ("(x: number, y = 2): number", "Adds them up.", ("x", "y"))
    assert one.words["add"] >= 1


def test_complexity_counts_branches() -> None:
    source = "function f(a, b) { if (a && b) { return a ? 1 : 2; } for (;;) {} }"
    assert named(parse(source, "a.js"), "f").complexity == 5


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ('import "./side";', [("", "./side", "")]),
        ('import D from "./d";', [("D", "./d", "default")]),
        ('import * as u from "./u";', [("u", "./u", "")]),
        ('import { a, b as c } from "./x";', [("a", "./x", "a"), ("c", "./x", "b")]),
        ('export { a as b } from "./x";', [("b", "./x", "a")]),
        ('export * from "./x";', [("*", "./x", "*")]),
        ('const x = require("./x");', [("x", "./x", "")]),
        ('export * as ns from "./x";', [("ns", "./x", "")]),
        ('import x = require("./x");', [("x", "./x", "default")]),
        ('const y = require("./x").z;', [("y", "./x", "z")]),
        ('require("./x")(app);', [("", "./x", "")]),
        ('const L = lazy(() => import("./x"));', [("", "./x", "")]),
        ('exports.y = require("./x");', [("y", "./x", "")]),
        ('const { a, b: c } = require("./x");', [("a", "./x", "a"), ("c", "./x", "b")]),
    ],
)
def test_imports_of_every_form_are_found(source: str, imports: list[tuple[str, str, str]]) -> None:
    expected = tuple(Import(0, alias, 0, module, name) for alias, module, name in imports)
    assert parse(source).imports == expected


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        ("go();", {"go"}),
        ("a.b().c();", {"a.b", "a.b().c"}),
        ("new Foo();", {"Foo"}),
        ("const z = new Foo(); z.run();", {"Foo", "Foo().run"}),
        ("p.run();", {"Api().run"}),
        ("q.run();", {"?.run"}),
        ("for (const i of items()) i.go();", {"items", "items()[*].go"}),
        ("const { a, b: c } = p; a.x(); c.y();", {"Api().a.x", "Api().b.y"}),
        ("p.all.map(one => one.go());", {"Api().all.map", "Api().all[*].go"}),
        ("list(one => one.go()); one.go();", {"list", "?.go", "one.go"}),
        ("try { a(); } catch (e) { e.x(); }", {"a", "?.x"}),
    ],
)
def test_calls_are_written_as_expressions(body: str, calls: set[str]) -> None:
    one = named(parse(f"function f(p: Api, q) {{ {body} }}"), "f")
    assert set(one.calls) == calls


def test_attributes_of_a_class_are_known_by_what_they_are() -> None:
    source = (
        "class C extends base.B implements I {\n  items: Item[] = [];\n  constructor(private api: Api) {\n"
        "    super();\n    this.store = new Store();\n  }\n  get total() { return this.store.sum(); }\n}\n"
    )
    payload = parse(source)
    one = named(payload, "C")
    assert one.bases == ("base.B", "I")
    assert one.types == {"items": ("Item(){}",), "api": ("Api()",), "store": ("Store()",)}
    assert named(payload, "total").calls == ("self.store.sum",)
    assert "property" in named(payload, "total").references


def test_what_a_callback_binds_and_returns_is_its_own() -> None:
    payload = parse(
        "it('x', () => { const app = new App(); app.run(); });\nfunction f() { on(() => new Foo()); }", "a.js"
    )
    assert [one.name for one in payload.definitions] == ["", "f"]
    assert set(payload.definitions[0].calls) == {"it", "App", "App().run"}
    assert (named(payload, "f").calls, named(payload, "f").returns) == (("on", "Foo"), ())


def test_a_type_parameter_stands_for_what_it_extends() -> None:
    payload = parse("class R<T extends Base, U> { f(a: T, b: U): T { a.x(); b.y(); } }")
    assert (named(payload, "f").calls, named(payload, "f").returns) == (("Base().x", "?.y"), ("Base()",))


def test_an_element_of_jsx_calls_its_component() -> None:
    one = named(parse("function f() { return <div><Button on={go}/><A.B>{x.y()}</A.B></div>; }", "a.jsx"), "f")
    assert (set(one.calls), one.references) == ({"Button", "A.B", "x.y"}, ("go",))


def test_decorators_belong_to_what_they_stand_before() -> None:
    payload = parse("@Injectable()\nexport class A {\n  @Input() x: Foo;\n  @Get('a')\n  m() {}\n}")
    assert (named(payload, "A").first_line, named(payload, "A").line) == (1, 2)
    assert (named(payload, "m").first_line, named(payload, "m").line) == (4, 5)


def test_a_type_is_what_it_is_made_of() -> None:
    payload = parse("type A = B & { c: C };\ninterface D extends E<F> {}")
    assert (named(payload, "A").bases, named(payload, "A").types) == (("B",), {"c": ("C()",)})
    assert named(payload, "D").bases == ("E",)


@pytest.mark.parametrize(
    ("source", "exports"),
    [
        ("export class A {}", None),
        ("export default class A {}\nexport const b = 1;", ("A", "b")),
        ("export default connect(m)(A);", ("A",)),
        ("export default new Foo();", ("default",)),
        ("const a = 1;\nexport { a as default, b };", ("a", "b")),
        ("exports = module.exports = create;", ("create",)),
    ],
)
def test_the_default_export_comes_first(source: str, exports: tuple[str, ...] | None) -> None:
    assert parse(source).exports == exports


def test_an_export_under_another_name_is_a_name() -> None:
    payload = parse("function a() {}\nexport { a as b };")
    assert (named(payload, "b").kind, payload.definitions[0].types["b"]) == (SymbolKind.VARIABLE, ("a",))


def test_types_of_flow_are_read() -> None:
    payload = parse("// @flow\nexport function f(a: ?A): Array<B> { return a.b(); }\n", "a.js")
    assert (payload.language, payload.problem, named(payload, "f").returns) == ("javascript", "", ("B(){}",))


def test_long_chains_and_deep_types_take_no_time_and_no_memory() -> None:
    chain = parse("a" + ".b()" * 3_000)
    assert sum(map(len, chain.definitions[0].calls)) < 1_000
    deep = parse("const x: " + "Promise<" * 2_000 + "A" + ">" * 2_000)
    assert named(deep, "x").kind is SymbolKind.VARIABLE


BAD = {
    "UTF-16": "function f() {}".encode("utf-16"),
    "deep types": b"function f() {}\nlet x: " + b"A<" * 3_000 + b"B" + b">" * 3_000,
    "deep patterns": b"function f() {}\nconst " + b"[" * 3_000 + b"a" + b"]" * 3_000 + b" = b",
    "deep choices": b"function f() {}\nx = " + b"a ? b : " * 5_000 + b"c",
    "null bytes": b"function f() {}\0",
    "not UTF-8": b"const s = '\xff\xfe'; function f() {}",
    "cut off": b"function f() {}\nclass C { m() { if (x ",
    "deep": b"function f() {}\nx = " + b"(" * 20_000 + b")" * 20_000,
    "one long line": b"function f() {};x=[" + b"1," * 200_000 + b"1]",
    "not code": b"\x89PNG\r\n\x1a\n" * 50,
    "nothing": b"",
}


@pytest.mark.parametrize("source", BAD.values(), ids=BAD)
@pytest.mark.parametrize("path", ["a.js", "a.ts", "a.tsx"])
def test_bad_input_is_survived(source: bytes, path: str) -> None:
    payload = parse_javascript(source, path)
    assert payload.definitions[0].kind is SymbolKind.MODULE
    if b"function f" in source:
        assert named(payload, "f")


def test_an_index_of_accessors_on_one_line_is_accepted(database: Database, tmp_path: Path) -> None:
    files = {"a.js": "class A { get x() { return 1 } set x(v) {} }\n"}
    index_repository(database, code_base.write(tmp_path / "web", files))
    names = [name for _, name, *_ in code_base.symbols(database)]
    assert sorted(names) == ["", "A", "A.x"]


def test_what_is_no_code_says_so() -> None:
    assert "line 1" in parse_javascript(BAD["not code"], "a.js").problem


def test_uses_are_resolved_across_files(database: Database, tmp_path: Path) -> None:
    files = {
        "src/api.ts": "export class Api { send(x: string) { return x; } }\nexport default Api;\n",
        "src/cart.tsx": (
            'import Client, { Api } from "./api";\n\nexport function pay(api: Api) {\n  return api.send("x");\n}\n'
            "export const other = () => new Client();\n"
        ),
        "lib/index.js": "const { pay } = require('../src/cart');\nfunction main() { pay(); }\n",
    }
    index_repository(database, code_base.write(tmp_path / "web", files))
    known = code_base.edges(database)
    assert ("src/cart.tsx::pay", "src/api.ts::Api.send", "CALL", 90) in known
    assert ("src/cart.tsx::other", "src/api.ts::Api", "CALL", 100) in known
    assert ("lib/index.js::main", "src/cart.tsx::pay", "CALL", 100) in known
