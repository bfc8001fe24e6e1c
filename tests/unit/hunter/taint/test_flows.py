"""What reaches a sink and what does not, one way of writing Python at a time.

Each body is that of a Flask handler in which `x` is untrusted and `sink(...)` is `os.system(...)`.
"""
# ruff: noqa: E501 - one line a body reads better than many

import textwrap

import pytest

from grace.hunter.taint import analyse

HEAD = """
import base64, configparser, functools, io, os, re, urllib.parse
from flask import Flask, request
app = Flask(__name__)
sink = os.system
"""


def reached(body: str, above: str = "") -> bool:
    code = HEAD + textwrap.dedent(above) + '\n@app.post("/h")\ndef h():\n    x = request.form["x"]\n'
    code += textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n    return {}\n"
    detection = analyse({"app.py": code.encode()})
    assert not detection.failures
    return any(finding.rule_id == "command-injection" for finding in detection.findings)


UNTRUSTED = {
    "concatenation": "sink('echo ' + x)",
    "f-string": "sink(f'echo {x!r:>10}')",
    "percent": "sink('echo %s' % x)",
    "percent with names": "sink('echo %(a)s' % {'a': x})",
    "format": "sink('{} {}'.format('echo', x))",
    "join": "sink(' '.join(['echo', x]))",
    "join of a generator": "sink(' '.join(part for part in ['echo', x]))",
    "augmented": "c = 'echo '\nc += x\nsink(c)",
    "base64 and back": "sink(base64.b64decode(base64.b64encode(x.encode())).decode())",
    "unquoted": "sink(urllib.parse.unquote(x))",
    "sliced": "sink(x[:-1])",
    "split and picked": "sink(x.split(' ')[0])",
    "list element": "q = ['a', x]\nsink(q[1])",
    "list after pop": "q = ['a', x, 'b']\nq.pop(0)\nsink(q[0])",
    "list negative index": "q = ['a']\nq.append(x)\nsink(q[-1])",
    "list alias": "q = []\np = q\np.append(x)\nsink(q[0])",
    "dict element": "d = {'a': 'b'}\nd['c'] = x\nsink(d['c'])",
    "dict get": "d = {'a': x}\nsink(d.get('a', 'b'))",
    "dict of unknown key": "d = {'a': 'b'}\nd[os.name] = x\nsink(d['zz'])",
    "dict values": "for value in {'a': x}.values():\n    sink(value)",
    "dict items": "for key, value in {'a': x}.items():\n    sink(value)",
    "tuple unpacked": "a, b = 'a', x\nsink(b)",
    "starred": "a, *b = ['a', 'b', x]\nsink(b[1])",
    "buffer": "s = io.StringIO()\ns.write('echo ')\ns.write(x)\nsink(s.getvalue())",
    "configuration": "c = configparser.ConfigParser()\nc.add_section('s')\nc.set('s', 'a', x)\nsink(c.get('s', 'a'))",
    "branch that may be taken": "c = 'a'\nif os.name == 'nt':\n    c = x\nsink(c)",
    "branch that is taken": "c = x if 3 * 7 > 20 else 'a'\nsink(c)",
    "match of a constant": "match 'B'[0]:\n    case 'A':\n        c = 'a'\n    case 'B' | 'C':\n        c = x\nsink(c)",
    "loop": "c = ''\nfor part in [1, 2]:\n    c = c + x\nsink(c)",
    "loop with break": "c = ''\nwhile True:\n    c = x\n    break\nsink(c)",
    "loop with continue": "c = ''\nfor i in range(3):\n    if i == 1:\n        c = x\n        continue\nsink(c)",
    "loop else": "for i in range(3):\n    pass\nelse:\n    c = x\nsink(c)",
    "try": "try:\n    c = x\nexcept ValueError:\n    c = ''\nsink(c)",
    "handler of an exception": "c = ''\ntry:\n    c = x\n    int('a')\nexcept ValueError:\n    sink(c)",
    "finally": "c = ''\ntry:\n    c = x\nfinally:\n    sink(c)",
    "walrus": "if (c := x):\n    sink(c)",
    "or": "sink(x or 'ls')",
    "lambda": "f = lambda a: 'echo ' + a\nsink(f(x))",
    "partial": "functools.partial(sink, x)()\nf = functools.partial(lambda a, b: a + b, 'echo ')\nsink(f(x))",
    "map": "for c in map(lambda a: a + 'b', [x]):\n    sink(c)",
    "comprehension": "for c in [a.strip() for a in [x]]:\n    sink(c)",
    "dict comprehension": "d = {k: x for k in 'ab'}\nsink(d['a'])",
    "sorted": "sink(sorted([x])[0])",
    "star arguments": "def f(*a): return a[1]\nsink(f('a', x))",
    "keyword arguments": "def f(**k): return k['b']\nsink(f(b=x))",
    "default argument": "def f(a=x): return a\nsink(f())",
    "inner function": "def f():\n    sink(x)\nf()",
    "generator function": "def f():\n    yield x\nfor c in f():\n    sink(c)",
    "check of another value": "y = request.form['y']\nif y not in ('a', 'b'):\n    return {}\nsink(x)",
    "check of a piece": "if x[0] not in ('a', 'b'):\n    return {}\nsink(x)",
    "check that does not leave": "if x not in ('a', 'b'):\n    print('no')\nsink(x)",
    "pattern that lets all through": "if not re.match('.*', x):\n    return {}\nsink(x)",
    "escaped for something else": "import html\nsink(html.escape(x))",
    "getattr": "class A: pass\na = A()\na.b = x\nsink(getattr(a, 'b'))",
    "cookie": "sink(request.cookies.get('c'))",
    "header": "sink(request.headers['c'])",
    "query string": "sink(urllib.parse.unquote_plus(request.query_string.decode()))",
    "json": "sink(request.get_json()['a'])",
}  # fmt: skip

HARMLESS = {
    "constant": "sink('ls')",
    "overwritten": "c = x\nc = 'ls'\nsink(c)",
    "list element": "q = ['a', x]\nsink(q[0])",
    "list after pop": "q = ['a', x, 'b']\nq.pop(0)\nsink(q[1])",
    "list after remove": "q = ['a', x]\nq.pop()\nsink(q[0])",
    "dict overwritten": "d = {'a': x}\nd['a'] = 'b'\nsink(d['a'])",
    "dict other key": "d = {'a': x, 'b': 'c'}\nsink(d['b'])",
    "configuration": "c = configparser.ConfigParser()\nc.add_section('s')\nc.set('s', 'a', 'b')\nc.set('s', 'k', x)\nsink(c.get('s', 'a'))",
    "branch that is not taken": "c = x if 3 * 7 > 22 else 'a'\nsink(c)",
    "if that is not taken": "n = 86\nc = 'a'\nif 7 * 42 - n < 200:\n    c = x\nsink(c)",
    "match of a constant": "match 'ABC'[2]:\n    case 'A':\n        c = x\n    case 'C' | 'D':\n        c = 'a'\n    case _:\n        c = x\nsink(c)",
    "index in a constant": "c = 'ABC'\nc = x if c[1] == 'A' else 'b'\nsink(c)",
    "number": "sink('kill %d' % int(x))",
    "length": "sink('seq ' + str(len(x)))",
    "number in a field": "sink('kill %d' % x)",
    "quoted": "import shlex\nsink('echo ' + shlex.quote(x))",
    "allowed": "if x not in ('a', 'b'):\n    return {}\nsink(x)",
    "allowed by a set": "ALLOWED = {'a', 'b'}\nif x in ALLOWED:\n    sink(x)",
    "allowed by a dict": "sink({'a': 'ls', 'b': 'df'}.get(x, 'ls'))",
    "allowed whatever was made of it": "y = x.strip().lower()\nif y not in ('a', 'b'):\n    return {}\nsink('echo ' + x)",
    "equal": "if x == 'a':\n    sink(x)",
    "digits": "if not x.isdigit():\n    return {}\nsink(x)",
    "full match": "if not re.fullmatch(r'[a-z0-9_]+', x):\n    return {}\nsink(x)",
    "anchored match": "if re.match(r'^[a-z]+$', x):\n    sink(x)",
    "parsed before": "try:\n    int(x)\nexcept ValueError:\n    return {}\nsink(x)",
    "checked by a function": "def ok(a):\n    return a in ('a', 'b')\nif not ok(x):\n    return {}\nsink(x)",
    "checked by a function that returns": "def ok(a):\n    if a in ('a', 'b'):\n        return True\n    return False\nif ok(x):\n    sink(x)",
    "checked by a function that raises": "def check(a):\n    if a not in ('a', 'b'):\n        raise ValueError\ncheck(x)\nsink(x)",
    "checked and remembered": "fine = x in ('a', 'b')\nif fine:\n    sink(x)",
    "both conditions": "if x in ('a', 'b') and len(x) > 0:\n    sink(x)",
    "neither condition": "if x not in ('a', 'b') or os.name == 'nt':\n    return {}\nsink(x)",
    "match statement": "match x:\n    case 'a' | 'b':\n        sink(x)",
    "assert": "assert x in ('a', 'b')\nsink(x)",
    "abort": "from flask import abort\nif x not in ('a',):\n    abort(404)\nsink(x)",
    "after return": "return {}\nsink(x)",
    "no shell": "import subprocess\nsubprocess.run(['ping', x])",
    "another parameter": "def f(a, b): return a\nsink(f('a', x))",
    "constant of a function": "def f(a): return 'a'\nsink(f(x))",
    "enum": "import enum\nclass E(enum.Enum):\n    A = 'a'\nsink(E.A.value)",
    "same request read twice": "if request.form['y'] not in ('a',):\n    return {}\nsink(request.form['y'])",
}  # fmt: skip


@pytest.mark.parametrize("name", UNTRUSTED)
def test_untrusted_data_reaches_the_sink(name):
    assert reached(UNTRUSTED[name])


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_constant_or_checked_does_not(name):
    assert not reached(HARMLESS[name])


CLASSES = """
class Base:
    def __init__(self, text):
        self.text = text
    def get(self):
        return self.text

class Thing(Base):
    KIND = "thing"
    def upper(self):
        self.text = self.text.upper()
        return self
    @property
    def whole(self):
        return "echo " + self.text
    @staticmethod
    def same(a):
        return a
    @classmethod
    def make(cls, a):
        return cls(a)
    def __str__(self):
        return self.text

class Safe(Base):
    def get(self):
        return "safe"

def factory(kind):
    if kind == "safe":
        return Safe
    return Thing
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("sink(Thing(x).get())", True),
        ("sink(Thing(x).upper().get())", True),
        ("sink(Thing(x).whole)", True),
        ("sink(Thing.same(x))", True),
        ("sink(Thing.make(x).text)", True),
        ("sink(str(Thing(x)))", True),
        ("t = Thing('a')\nt.text = x\nsink(t.get())", True),
        ("t = Thing(x)\nt.text = 'a'\nsink(t.get())", False),
        ("sink(Safe(x).get())", False),
        ("sink(factory('thing')(x).get())", True),
        ("sink(factory('safe')(x).get())", False),
        ("sink(Thing.KIND)", False),
        ("a, b = Thing(x), Thing('b')\nsink(b.get())", False),
    ],
)
def test_objects_are_told_apart(body, expected):
    assert reached(body, CLASSES) is expected
