"""What handlers hand to templates, and templates print as it is."""

import pytest

from grace.hunter.cache import ResultCache
from grace.hunter.taint import analyse, detect
from grace.hunter.tree import Tree

FLASK = """
from flask import Flask, render_template, request
app = Flask(__name__)
class Post:
    def __init__(self, text): self.text = text
@app.get("/h")
def h():
    x = request.args["x"]
    return render_template({call})
"""
DJANGO = """
from django.shortcuts import render
def h(request):
    return render(request, {call})
"""


def printed(files: dict[str, str]) -> list[tuple[str, int]]:
    detection = analyse({path: text.encode() for path, text in files.items()})
    return [(f.location.path, f.location.line) for f in detection.findings if f.rule_id == "cross-site-scripting"]


@pytest.mark.parametrize(
    ("call", "page", "expected"),
    [
        ("'a.html', x=x", "<p>\n{{ x|safe }}</p>", 2),
        ("'a.html', x=x", "<p>{{ x }}</p>", None),
        ("'a.html', y=x, x='fixed'", "<p>{{ x|safe }}</p>", None),
        ("'a.html', p=Post(x)", "<p>{{ p.text|safe }}</p>", 1),
        ("'a.html', ps=[Post(x)]", "{% for p in ps %}\n\n{{ p.text|safe }}{% endfor %}", 3),
        ("'a.html', d={'k': x, 'o': 'fixed'}", "<p>{{ d.k|safe }}</p>", 1),
        ("'a.html', **{'x': x}", "{% autoescape false %}{{ x }}{% endautoescape %}", 1),
        ("'missing.html', x=x", "{{ x|safe }}", None),
    ],
)
def test_of_a_flask_handler(call, page, expected):
    found = printed({"shop/app.py": FLASK.replace("{call}", call), "shop/templates/a.html": page})
    assert found == ([("shop/templates/a.html", expected)] if expected else [])


@pytest.mark.parametrize(
    ("call", "page", "expected"),
    [
        ("'a.html', {'x': request.GET['x']}", "{{ x|safe }}", 1),
        ("'a.html', {'x': request.GET['x']}", "{% autoescape off %}\n{{ x }}{% endautoescape %}", 2),
        ("'a.html', {'x': request.GET['x']}", "{{ x }}", None),
    ],
)
def test_of_a_django_view(call, page, expected):
    found = printed({"views.py": DJANGO.replace("{call}", call), "shop/templates/a.html": page})
    assert found == ([("shop/templates/a.html", expected)] if expected else [])


def test_what_a_template_includes_and_extends_is_its_own():
    files = {
        "app.py": FLASK.replace("{call}", "'a.html', x=x"),
        "templates/a.html": "{% extends 'base.html' %}{% block b %}{% include 'part.html' %}{% endblock %}",
        "templates/base.html": "<title>{{ x|safe }}</title>",
        "templates/part.html": "{{ x|safe }}",
    }
    assert sorted(printed(files)) == [("templates/base.html", 1), ("templates/part.html", 1)]


def test_a_template_that_changes_is_looked_at_again():
    files = {"app.py": FLASK.replace("{call}", "'a.html', x=x").encode(), "templates/a.html": b"{{ x }}"}
    kept = ResultCache().shelf("taint")
    detect(Tree.of(files), kept)
    changed = files | {"templates/a.html": b"{{ x|safe }}"}
    assert detect(Tree.of(changed), kept) == analyse(changed) != analyse(files)
