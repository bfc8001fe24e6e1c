"""Each kind of sink in the forms that people write, beside forms that are harmless."""

import pytest

SERVER = "const fs = require('fs'), cp = require('child_process'), path = require('path');\n"
HARMFUL = [
    ("command-injection", "cp.exec('ls ' + req.query.x);"),
    ("command-injection", "cp.execSync(`ls ${req.query.x}`);"),
    ("command-injection", "const run = require('util').promisify(cp.exec); await run('ls ' + req.query.x);"),
    ("command-injection", "cp.spawn(req.query.x);"),
    ("command-injection", "cp.spawn('ls', [req.query.x], { shell: true });"),
    ("command-injection", "cp.execFile('/bin/bash', ['-c', 'ls ' + req.query.x]);"),
    ("code-injection", "new Function('a', req.body.x)();"),
    ("code-injection", "setInterval(req.query.x, 100);"),
    ("sql-injection", "db.query('SELECT ' + req.query.x);"),
    ("sql-injection", "connection.execute(`DELETE FROM t WHERE id=${req.params.id}`);"),
    ("sql-injection", "knex.raw('select * from t where a = ' + req.query.a);"),
    ("sql-injection", "await sequelize.query(`SELECT * FROM t WHERE a = '${req.body.a}'`, { type: 'SELECT' });"),
    ("sql-injection", "prisma.$queryRawUnsafe('SELECT * FROM t WHERE a = ' + req.query.a);"),
    ("sql-injection", "db.all('SELECT * FROM t WHERE a = \\'' + req.query.a + '\\'', done);"),
    ("sql-injection", "const stmt = db.prepare(`SELECT * FROM t WHERE a = ${req.query.a}`);"),
    ("sql-injection", "repo.createQueryBuilder('u').where('u.name = ' + req.query.a);"),
    ("path-traversal", "fs.readFileSync('/srv/' + req.query.x);"),
    ("path-traversal", "fs.promises.readFile(path.resolve('/srv', req.query.x));"),
    ("path-traversal", "res.sendFile(path.join(__dirname, req.query.x));"),
    ("path-traversal", "res.download('files/' + req.params.x);"),
    ("path-traversal", "fs.rename('a', req.body.x, done);"),
    ("ssrf", "await fetch(req.query.url);"),
    ("ssrf", "require('axios')({ url: req.body.url });"),
    ("ssrf", "require('https').get('https://' + req.query.host + '/x');"),
    ("ssrf", "await fetch(new URL(req.query.url));"),
    ("open-redirect", "res.redirect(req.query.next);"),
    ("open-redirect", "res.status(302).redirect(req.query.next);"),
    ("open-redirect", "res.redirect('//' + req.query.next);"),
    ("open-redirect", "res.writeHead(302, { Location: req.query.next });"),
    ("open-redirect", "res.setHeader('Location', req.query.next);"),
    ("reflected-xss", "res.send('<b>' + req.query.x + '</b>');"),
    ("reflected-xss", "res.send(req.params.x);"),
    ("reflected-xss", "res.write(`<p>${req.query.x}</p>`);"),
    ("nosql-injection", "db.collection('a').find({ $where: 'this.a == ' + req.query.a });"),
    ("nosql-injection", "User.findOne(req.body);"),
    ("template-injection", "require('pug').compile(req.body.page);"),
    ("unsafe-deserialization", "require('node-serialize').unserialize(req.cookies.x);"),
    ("unsafe-deserialization", "require('js-yaml').load(req.body.x);"),
    ("prototype-pollution", "require('lodash').merge({}, req.body);"),
    ("prototype-pollution", "target[req.body.a][req.body.b] = req.body.c;"),
    ("xxe", "require('libxmljs').parseXml(req.body, { noent: true });"),
    ("permissive-cors", "res.header('Access-Control-Allow-Origin', req.headers.origin);"),
]
HARMLESS = [
    "cp.execFile('ls', [req.query.x]);",
    "cp.spawn('ls', [req.query.x], { shell: false });",
    "pattern.exec(req.query.x);",
    "db.query('SELECT * FROM t WHERE a = ?', [req.query.a]);",
    "db.query({ sql: 'SELECT * FROM t WHERE a = ?', values: [req.query.a] });",
    "db.query('SELECT * FROM t WHERE a = ' + db.escape(req.query.a));",
    "sql`SELECT * FROM t WHERE a = ${req.query.a}`;",
    "cache.get('key' + req.query.a); map.all(`a${req.query.a}`); queue.run(`job-${req.query.a}`);",
    "repo.createQueryBuilder('u').where('u.name = :name', { name: req.query.a });",
    "fs.readFileSync(path.basename(req.query.x));",
    "res.sendFile(req.params.x, { root: '/srv' });",
    "fs.readFileSync('/srv/a', req.query.encoding);",
    "if (req.query.x.includes('..')) return; fs.readFileSync('/srv/' + req.query.x);",
    "await fetch('https://api.shop.io/' + req.query.x);",
    "await fetch('https://api.shop.io/', { method: 'POST', body: req.body.x });",
    "await fetch(`/items/${req.query.x}`);",
    "res.redirect('/users/' + req.params.id);",
    "res.redirect(encodeURIComponent(req.query.next));",
    "if (!req.query.next.startsWith('/')) return; res.redirect(req.query.next);",
    "res.json({ x: req.query.x }); res.send({ x: req.query.x }); res.send([req.query.x]); res.send(req.body);",
    "res.send(escapeHtml(req.query.x)); res.send(require('validator').escape(req.query.x));",
    "res.status(200).send(String(Number(req.query.x)));",
    "res.set('Content-Type', 'text/plain'); res.send('a' + req.query.x);",
    "res.render('page', { x: req.query.x });",
    "User.findById(req.params.id); names.find((name) => name === req.body.x);",
    "require('lodash').merge({}, defaults); Object.assign({}, req.body); target[req.body.a] = 1;",
    "require('libxmljs').parseXml(req.body); JSON.parse(req.body.x);",
]
PAGE = [
    ("dom-xss", "el.innerHTML = location.hash;"),
    ("dom-xss", "el.innerHTML += decodeURIComponent(window.location.search);"),
    ("dom-xss", "el.insertAdjacentHTML('beforeend', document.referrer);"),
    ("dom-xss", "document.write('<p>' + document.URL + '</p>');"),
    ("dom-xss", "const p = new URL(location.href).searchParams; el.outerHTML = p.get('x');"),
    ("dom-xss", "$('#a').html(location.hash.substring(1));"),
    ("dom-xss", "const $a = $('#a'); $a.append('<b>' + location.search + '</b>');"),
    ("dom-xss", "window.onmessage = null; addEventListener('message', function (e) { el.innerHTML = e.data; });"),
    ("dom-xss", "(function ($) { $(location.hash); })(jQuery);"),
    ("code-injection", "eval(location.hash.slice(1));"),
    ("code-injection", "setTimeout('go(\"' + location.hash + '\")', 1);"),
    ("dom-redirect", "location = new URLSearchParams(location.search).get('next');"),
    ("dom-redirect", "window.location.assign(location.hash.slice(1));"),
]
HARMLESS_PAGE = [
    "el.textContent = location.hash;",
    "el.innerHTML = '<p>hello</p>';",
    "el.innerHTML = DOMPurify.sanitize(location.hash);",
    "el.innerHTML = render(data);",
    "$('#a').text(location.hash); $('.tab').html(template);",
    "$('#' + location.hash.slice(1)); list.append(location.hash);",
    "location.href = '/search?q=' + location.hash; location = '?x=' + location.search;",
    "window.location.reload(); history.pushState({}, '', location.href);",
    "setTimeout(() => go(location.hash), 1);",
    "fetch('/api' + location.search); fetch(location.href);",
]


@pytest.mark.parametrize(("rule", "statement"), HARMFUL)
def test_on_a_server(rule, statement, found):
    code = f"{SERVER}app.get('/', async (req, res) => {{\n{statement}\n}});\n"
    assert (rule, 3) in found(code, "app.js")


@pytest.mark.parametrize("statement", HARMLESS)
def test_harmless_on_a_server(statement, rules):
    assert rules(f"{SERVER}app.get('/', async (req, res) => {{\n{statement}\n}});\n", "app.js") == []


@pytest.mark.parametrize(("rule", "statement"), PAGE)
def test_in_a_page(rule, statement, found):
    assert found(statement, "page.js") == [(rule, 1)]


@pytest.mark.parametrize("statement", HARMLESS_PAGE)
def test_harmless_in_a_page(statement, rules):
    assert rules(statement, "page.js") == []


@pytest.mark.parametrize("name", ["app.mjs", "app.cjs", "app.jsx", "app.ts", "app.mts", "app.cts", "app.tsx", "APP.JS"])
def test_every_dialect_is_read(name, rules):
    assert rules("app.get('/', (req, res) => { eval(req.query.x); });", name) == ["code-injection"]


def test_components_are_read(rules):
    code = "const Page = () => { const { id } = useParams(); return <p dangerouslySetInnerHTML={{ __html: id }} />; };"
    assert rules(code, "Page.tsx") == rules(code, "Page.jsx") == ["dom-xss"]
    assert rules(code.replace("id }} />", "clean(1) }} />"), "Page.tsx") == []


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("tls-verification-off", "request({ url, strictSSL: false });"),
        ("tls-verification-off", "process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = 0;"),
        ("weak-hash", "const passwordHash = require('crypto').createHash('sha1').update(x).digest();"),
        ("weak-hash", "import md5 from 'md5'; user.password = md5(password);"),
        ("insecure-random", "let sessionId; sessionId = Math.random().toString(36);"),
        ("insecure-random", "return { csrfToken: `${Math.random()}` };"),
        ("insecure-cookie", "res.cookie('id', id, { httpOnly: false });"),
        ("permissive-cors", "cors({ credentials: true, origin: '*' });"),
    ],
)  # fmt: skip # a rule and its code stand side by side
def test_bad_settings(rule, code, rules):
    assert rules(code, "app.js") == [rule]


@pytest.mark.parametrize(
    "code",
    [
        "https.request({ rejectUnauthorized: strict });",
        "const etag = require('crypto').createHash('md5').update(body).digest('hex');",
        "const colour = Math.random();",
        "res.cookie('theme', theme, { httpOnly: true });",
        "cors({ origin: '*' });",
        "const options = { secure: false };",
    ],
)
def test_good_settings(code, rules):
    assert rules(code, "app.js") == []
