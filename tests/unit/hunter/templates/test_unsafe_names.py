import pytest

from grace.hunter.templates import UnsafeName, references, unsafe_names


def names(content, name="page.html", **options):
    return [found.name for found in unsafe_names(content, name, **options)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{{ x }}", []),
        ("{{ x|safe }}", ["x"]),
        ("{{x|safe}}", ["x"]),
        ("{{- x | safe -}}", ["x"]),
        ("{{ x|upper|safe }}", ["x"]),
        ("{{ x|safe|upper }}", ["x"]),
        ("{{ x|e|safe }}", []),
        ("{{ x|escape|linebreaks|safe }}", []),
        ("{{ x|safe|e }}", ["x"]),
        ("{{ x|safe|forceescape }}", []),
        ("{{ x|tojson|safe }}", []),
        ("{{ x|length|safe }}", []),
        ("{{ 'text'|safe }}", []),
        ("{{ x.y.z|safe }}", ["x.y.z"]),
        ("{{ x['y'].z|safe }}", ["x.y.z"]),
        ("{{ x[0].z|safe }}", ["x.z"]),
        ("{{ x[i]|safe }}", ["x"]),
        ("{{ x.0.z|safe }}", ["x.z"]),
        ("{{ x.get('y')|safe }}", ["x"]),
        ("{{ x.render()|safe }}", ["x.render"]),
        ("{{ f(x, y=z.a)|safe }}", ["x", "z.a"]),
        ("{{ (x ~ 'a' ~ y)|safe }}", ["x", "y"]),
        ("{{ x ~ y|safe }}", ["y"]),
        ("{{ x|safe if y else z }}", ["x"]),
        ("{{ (x if y else z)|safe }}", ["x", "z"]),
        ("{{ (x or y)|safe }}", ["x", "y"]),
        ("{{ (x == y)|safe }}", []),
        ("{{ x|default(y)|safe }}", ["x", "y"]),
        ("{{ x|default:y.z|safe }}", ["x", "y.z"]),
        ('{{ x|truncatewords:"3"|safe }}', ["x"]),
        ("{{ x|replace('a', 'b')|safe }}", ["x"]),
        ("{{ Markup(x) }}", ["x"]),
        ("{{ Markup('<b>%s</b>')|safe }}", []),
        ("{{ loop.index|safe }} {{ super()|safe }} {{ url_for('a', b=c)|safe }}", []),
        ("{{ _('hello %(n)s', n=name)|safe }}", ["name"]),
        ("{# {{ x|safe }} #}", []),
        ("{% raw %}{{ x|safe }}{% endraw %}{{ y|safe }}", ["y"]),
        ("{% verbatim %}{{ x|safe }}{% endverbatim %}", []),
        ("{% comment 'note' %}{{ x|safe }}{% endcomment %}", []),
        ("{{ '}}' ~ x|safe }}", ["x"]),
        ("{% filter upper|safe %}{{ x }}{% endfilter %}{{ y }}", ["x"]),
    ],
)
def test_what_is_printed_as_it_is(content, expected):
    assert names(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{% autoescape false %}{{ x }}{% endautoescape %}{{ y }}", ["x"]),
        ("{% autoescape off %}{{ x|e }}{{ y }}{% endautoescape %}", ["y"]),
        ("{% autoescape off %}{% autoescape on %}{{ x }}{% endautoescape %}{{ y }}{% endautoescape %}", ["y"]),
    ],
)
def test_escaping_can_be_switched_off(content, expected):
    assert names(content) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.html", []), ("a.HTM", []), ("a.xml", []), ("a.txt", ["x"]), ("a.html.j2", ["x"]), ("", [])],
)
def test_escaping_follows_from_the_name(name, expected):
    assert names("<p>{{ x }}", name) == expected
    assert names("<p>{{ x }}", name, escaped=True) == []
    assert names("<p>{{ x }}", name, escaped=False) == ["x"]


def test_django_escapes_whatever_the_name():
    assert names("{% load static %}{{ x }}", "a.txt") == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{% for p in posts %}{{ p.body|safe }}{% endfor %}{{ p|safe }}", ["posts.body", "p"]),
        ("{% for k, v in d.items() %}{{ v|safe }}{% endfor %}", ["d"]),
        ("{% for a in x.y|sort %}{% for b in a.z %}{{ b|safe }}{% endfor %}{% endfor %}", ["x.y.z"]),
        ("{% for a in x if a.ok %}{{ a|safe }}{% endfor %}", ["x"]),
        ("{% for a in [x, y] %}{{ a|safe }}{% endfor %}", ["x", "y"]),
        ("{% set t = post.title %}{{ t|safe }}", ["post.title"]),
        ("{% set t = 'a' %}{{ t|safe }}", []),
        ("{% set t %}{{ x }}{% endset %}{{ t|safe }}", []),
        ("{% set t %}{{ x|safe }}{% endset %}{{ t }}", ["x"]),
        ("{% with t=post.title u=1 %}{{ t|safe }}{% endwith %}", ["post.title"]),
        ("{% with post.title as t %}{{ t|safe }}{% endwith %}{{ t|safe }}", ["post.title", "t"]),
        ("{% blocktrans with t=post.title %}{{ t|safe }}{% endblocktrans %}", ["post.title"]),
        ("{% if a %}{% set t = x %}{% else %}{% set t = y %}{% endif %}{{ t|safe }}", ["x", "y"]),
        ("{% macro m(a, b='') %}{{ b|safe }}{% endmacro %}{{ m(1, x.y) }}{{ m(b=z) }}{{ m(q) }}", ["x.y", "z"]),
        ("{% macro m(a) %}{{ a.b|safe }}{{ o|safe }}{% endmacro %}{% for p in q %}{{m(p)}}{% endfor %}", ["o", "q.b"]),
    ],
)  # fmt: skip # a template and its names stand side by side
def test_names_are_those_the_template_was_given(content, expected):
    assert sorted(names(content)) == sorted(expected)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<a href={{ x }}>", ["x"]),
        ("<a href={{ x|e }} title=b>", ["x"]),
        ("<a href=/u/{{ x }}>", ["x"]),
        ('<a href="{{ x }}">', []),
        ("<a href='{{ x }}' id = \"{{ y }}\">{{ z }}</a>", []),
        ("<a href={{ x|urlencode }} data-n={{ y|length }}>", []),
        ("<p>a = {{ x }}</p>", []),
        ("<!-- <a href={{ x }}> -->", []),
        ("<a onclick=\"go('{{ x }}')\">", ["x"]),
        ("<a onclick=\"go('{{ x|escapejs }}', {{ y|tojson }})\">", []),
        ("<a href=\"javascript:go('{{ x }}')\">", ["x"]),
        ("<script>var a = {{ x }};</script>{{ y }}", ["x"]),
        ("<script>var a = {{ x|tojson }}, b = {{ y|length }};</script>", []),
        ("<script>var a = '{{ x }}', b = \"{{ y }}\";</script>", []),
        ("<script>var a = '{{ x|safe }}';</script>", ["x"]),
        ("<script>var a = '{{ x|escapejs }}' + {{ y|escapejs }};</script>", ["y"]),
        ("<script>var a = `{{ x }}`;</script>", ["x"]),
        ("<script>var a = 'it\\'s {{ x }}';</script>", []),
        ("<script>// it's\nvar a = {{ x }};</script>", ["x"]),
        ("<script>/* ' */ var a = '{{ x }}', r = /['\"]/, b = '{{ y }}';</script>", []),
        ("<script type='application/json'>{{ x }}</script>", []),
        ("<script type=module>f({{ x }})</script>", ["x"]),
        ("<style>a { color: {{ x }} }</style><p>{{ y }}</p>", []),
        ("<script>a('</script>{{ x }}", []),
        ('<a {% if x %}href={{ y }}{% else %}title="{{ z }}"{% endif %}>{{ x }}', ["y"]),
        ("{% if x %}<script>{% else %}<p>{% endif %}", []),
    ],
)
def test_the_place_decides_what_is_escaping_enough(content, expected):
    assert names(content) == expected


def test_the_line_and_the_reason_are_told():
    content = "<p>\n{{ a }}\n{#\n#}{{ b|safe }}\n<a x={{\n c }}>"
    assert unsafe_names(content, "a.html") == (
        UnsafeName("b", 4, "printed with |safe"),
        UnsafeName("c", 5, "printed in the attribute x without quotes"),
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{% extends 'base.html' %}{% include \"a/b.html\" %}", ("base.html", "a/b.html")),
        ("{% include ['a.html', 'b.html'] ignore missing with context %}", ("a.html", "b.html")),
        ("{% include 'a.html' with title='not.html' only %}", ("a.html",)),
        ("{% import 'forms.html' as f %}{% from \"m.html\" import x %}", ("forms.html", "m.html")),
        ("{% include name %}{# {% include 'c.html' %} #}{% include 'a.html' %}{% include 'a.html' %}", ("a.html",)),
        ("{% extends 'a.html' if x else 'b.html' %}", ("a.html", "b.html")),
    ],
)
def test_references(content, expected):
    assert references(content) == expected
