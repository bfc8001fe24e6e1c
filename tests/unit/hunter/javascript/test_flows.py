"""How untrusted data gets from where it enters to where it does harm, and what stops it on the way."""

import pytest

REACHES = {
    "taken apart in the head": "app.get('/', ({ query }, res) => { eval(query.x); });",
    "awaited": "app.get('/', async (req, res) => { const x = await req.query.x; eval(x); });",
    "by a promise": "app.post('/', (req, res) => { req.json().then((body) => eval(body.x)); });",
    "by a function": "function run(x) { eval(x); } app.get('/', (req, res) => { run(req.query.x); });",
    "by a later function": "app.get('/', (req, res) => { run(req.query.x); }); function run(x) { eval(x); }",
    "by an arrow function": "const run = (a, x) => eval(x); app.get('/', (req, res) => { run(1, req.query.x); });",
    "by two functions": "function a(x) { b('c' + x); } function b(y) { eval(y); } (req, res) => a(req.query.x);",
    "given back": "function get(req) { return req.query.x; } app.get('/', (req, res) => { eval(get(req)); });",
    "passed through": "const id = (x) => { return x; }; app.get('/', (req, res) => { eval(id(req.query.x)); });",
    "by a method": "class A { run(x) { eval(x); } go(req, res) { this.run(req.query.x); } }",
    "by a field": "class A { go(req, res) { this.x = req.query.x; eval(this.x); } }",
    "handed over": "const handler = (req, res) => { eval(req.query.x); }; app.get('/', handler);",
    "typed": "app.get('/', (a: Request, b: Response) => { eval(a.query.x); });",
    "by place": "router.post('/x', (a, b) => { eval(a.body.x); });",
    "after an error handler": "app.use('/x', (error, a, b, next) => { eval(a.query.x); });",
    "koa": "router.get('/', async (ctx) => { eval(ctx.query.x); eval(ctx.request.body.x); });",
    "nest": "class C { @Get() find(@Query('x') x: string) { return eval(x); } }",
    "lambda": "exports.handler = async (event) => { eval(event.queryStringParameters.x); };",
    "next": "export async function POST(request) { const { x } = await request.json(); eval(x); }",
    "socket": "socket.on('chat', (message) => { eval(message.x); });",
}
REACHES_IN_A_HANDLER = {
    "directly": "eval(req.query.x);",
    "by a variable": "const x = req.query.x; eval(x);",
    "by another name": "const q = req.query; const y = q.x; eval(y);",
    "taken apart": "const { x: y = 'a' } = req.query; eval(y);",
    "taken apart twice": "const { query: { x } } = req; eval(x);",
    "the rest": "const { a, ...rest } = req.body; eval(rest.x);",
    "from a list": "const [first] = req.body.list; eval(first);",
    "by index": "eval(req.query['x']);",
    "by a name that is not known": "eval(req.query[name]);",
    "joined": "let s = 'a'; s += req.query.x; eval(s);",
    "in a template": "eval(`a${`b${req.query.x}`}`);",
    "from an array": "eval(['a', req.query.x].join(''));",
    "pushed": "const all = []; all.push(req.query.x); eval(all.join(';'));",
    "in an object": "const o = { a: { b: req.query.x } }; eval(o.a.b);",
    "written into an object": "const o = {}; o.a = req.query.x; eval(o.a);",
    "spread": "const o = { ...req.body }; eval(o.x);",
    "one way or the other": "eval(req.query.x || 'a');",
    "by a condition": "eval(a ? 'b' : req.query.x);",
    "in one branch": "let x = 'a'; if (b) { x = req.query.x; } eval(x);",
    "in a case": "let x; switch (a) { case 1: x = req.query.x; break; } eval(x);",
    "in a try": "let x; try { x = req.query.x; } catch (e) { x = ''; } eval(x);",
    "by text methods": "eval(req.query.x.trim().split(',')[0].toLowerCase());",
    "parsed": "eval(JSON.parse(req.body.x).y);",
    "decoded": "eval(Buffer.from(req.query.x, 'base64').toString());",
    "in a loop": "for (const x of req.body.list) { eval(x); }",
    "by a callback": "req.body.list.forEach((x) => eval(x));",
    "mapped": "eval(req.body.list.map((x) => 'a' + x).join());",
    "in an inner function": "const x = req.query.x; function go() { eval(x); } go();",
    "cast": "eval((req.query.x as string)!);",
    "header": "eval(req.get('X'));",
    "cookie": "eval(req.cookies.x);",
    "a check of something else": "if (!OK.includes(req.query.y)) return; eval(req.query.x);",
    "a check that does not end": "if (!OK.includes(req.query.x)) { log(); } eval(req.query.x);",
    "a check of a loose pattern": "if (!/^[a-z]/.test(req.query.x)) return; eval(req.query.x);",
    "before the check": "eval(req.query.x); if (!OK.includes(req.query.x)) return;",
    "after the block of a check": "const x = req.query.x; if (OK.has(x)) { go(); } eval(x);",
    "escaped for something else": "eval(encodeURIComponent(req.query.x));",
    "overwritten in a branch": "let x = req.query.x; if (a) { x = 'b'; } eval(x);",
}
STOPPED = {
    "another parameter": "function run(x, y) { eval(y); } app.get('/', (req, res) => { run(req.query.x, 'a'); });",
    "cleaned by a function": "const clean = (x) => parseInt(x, 10); (req, res) => { eval(clean(req.query.x)); };",
    "not a request": "function send(request) { return eval(request.body.x); }",
    "a method of the same name": "function go(a) { a.eval(b); }",
    "a name of its own": "function a(location) { eval(location.x); } function b(document) { eval(document.referrer); }",
}
STOPPED_IN_A_HANDLER = {
    "a constant": "const x = 'a' + 'b'; eval(x);",
    "nothing from outside": "eval(config.code);",
    "overwritten": "let x = req.query.x; x = 'a'; eval(x);",
    "a number": "eval('a(' + Number(req.query.x) + ')');",
    "parsed as a number": "const n = parseInt(req.query.x, 10); eval(`a(${n})`);",
    "a comparison": "eval(String(req.query.x === 'a'));",
    "its length": "eval('a(' + req.query.x.length + ')');",
    "a hash": "eval(crypto.createHash('sha256').update(req.query.x).digest());",
    "another field": "const o = { a: req.query.x, b: 'c' }; eval(o.b);",
    "another element": "const all = [req.query.x, 'a']; eval(all[1]);",
    "chosen from a table": "const T = { a: '1' }; eval(T[req.query.x]);",
    "checked against a list": "if (!OK.includes(req.query.x)) return; eval(req.query.x);",
    "checked, with a throw": "const x = req.query.x; if (!OK.has(x)) { throw new Error(); } eval(x);",
    "checked around": "const { x } = req.query; if (OK.includes(x)) { eval(x); }",
    "checked before": "OK.includes(req.query.x) && eval(req.query.x);",
    "checked or left": "if (a || !OK.includes(req.query.x)) return; eval(req.query.x);",
    "checked by a condition": "eval(OK.includes(req.query.x) ? req.query.x : 'a');",
    "checked by a pattern": "if (!/^[a-z0-9]+$/.test(req.query.x)) return; eval(req.query.x);",
    "equal to a constant": "if (req.query.x !== 'a') return; eval(req.query.x);",
    "cleaned by a pattern": "eval(req.query.x.replace(/[^a-z]/g, ''));",
    "a function as the handler": "setTimeout(() => go(req.query.x), 10);",
    "the session": "eval(req.session.x);",
    "unused": "const x = req.query.x; eval('a');",
}


def handled(statements):
    return f"app.get('/', async (req, res) => {{ {statements} }});"


@pytest.mark.parametrize("statements", REACHES_IN_A_HANDLER.values(), ids=REACHES_IN_A_HANDLER.keys())
def test_untrusted_data_is_followed(statements, rules):
    assert set(rules(handled(statements))) == {"code-injection"}


@pytest.mark.parametrize("code", REACHES.values(), ids=REACHES.keys())
def test_untrusted_data_is_followed_from_function_to_function(code, rules):
    assert set(rules(code)) == {"code-injection"}


@pytest.mark.parametrize("statements", STOPPED_IN_A_HANDLER.values(), ids=STOPPED_IN_A_HANDLER.keys())
def test_harmless_data_is_told_apart(statements, rules):
    assert rules(handled(statements)) == []


@pytest.mark.parametrize("code", STOPPED.values(), ids=STOPPED.keys())
def test_harmless_functions_are_told_apart(code, rules):
    assert rules(code) == []
