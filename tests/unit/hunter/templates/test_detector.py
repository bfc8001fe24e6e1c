import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace.contracts import Severity
from grace.hunter.catalogue import rules_of
from grace.hunter.templates import detect, references, unsafe_names
from grace.hunter.templates.lexing import tokens

RULES = rules_of("templates")
CASES = [pytest.param(rule, each, id=f"{rule.id}-{at}") for rule in RULES for at, each in enumerate(rule.examples)]
PIECES = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "x",
    "|",
    "safe",
    " ",
    "'",
    '"',
    "<a ",
    ">",
    "=",
    "href=",
    "<script>",
    "\n",
]
PIECES += [
    "</script>",
    "for",
    "in",
    "endfor",
    "if",
    "else",
    "endif",
    "set",
    "macro m(a)",
    "endmacro",
    "(",
    ")",
    "[",
    "]",
]
PIECES += [
    ".",
    "~",
    "raw",
    "endraw",
    "autoescape off",
    "endautoescape",
    "`",
    "/",
    "\\",
    "//",
    "/*",
    "block b",
    "endblock",
]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_a_rule_finds_its_vulnerable_examples_only(rule, example):
    found = {finding.rule_id for finding in detect(example.path, example.code.encode()).findings}
    assert rule.id in found if example.vulnerable else not found


def test_templates_alone_never_stop_a_change():
    assert {(rule.severity, rule.confidence) for rule in RULES} == {(Severity.MEDIUM, Severity.LOW)}


def test_a_finding_says_where_and_what():
    content = b"{% block main %}\n<p>{{ post.body|safe }}</p>\n{% endblock %}"
    (finding,) = detect("templates/post.html", content).findings
    assert (finding.rule_id, finding.cwe, finding.detector) == ("template-safe", 79, "templates")
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Severity.LOW)
    assert finding.title == "Printed without escaping: post.body"
    assert (finding.symbol, finding.location.line) == ("main", 2)
    assert finding.evidence == "<p>{{ post.body|safe }}</p>"


def test_layout_and_place_leave_it_the_same_finding():
    prints = ("{{ post.body|safe }}", "<p>\n\n{{post.body | safe}}", "{{- post.body|safe -}}")
    found = [detect("a.html", text.encode()).findings[0].fingerprint for text in (*prints, "{{ post.title|safe }}")]
    assert len(set(found[:3])) == 1
    assert found[3] != found[0]


@pytest.mark.parametrize("path", ["nginx.conf.j2", "settings.yaml.j2", "run.sh.j2", "query.sql.jinja"])
def test_templates_of_other_things_than_pages_are_left_alone(path):
    assert detect(path, b"<a>{{ x|safe }}").findings == ()


@pytest.mark.parametrize("path", ["page.html.j2", "page.j2", "page.jinja2", "page.htm"])
def test_templates_of_pages_are_read(path):
    assert detect(path, b"<a>{{ x|safe }}").findings


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\0\0", "it is binary"),
        (b"a" * 1_000_001, "too large: 1,000,001 bytes, more than 1,000,000"),
        (b"{% if x %}\n{{ x|safe }}\n{{ y", "line 3: {{ is not closed; what follows was not analysed"),
    ],
)
def test_what_is_not_analysed_says_so(content, reason):
    assert detect("a.html", content).failures == {"a.html": reason}


def test_braces_in_a_page_that_is_no_template_are_text():
    assert not detect("a.html", b"<p>a {{ b").failures


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=60))
def test_any_mixture_is_read(pieces):
    content = "".join(pieces)
    assert unsafe_names(content, "a.html") == unsafe_names(content, "a.html")
    references(content)
    detect("a.html", content.encode("utf-8", "surrogatepass"))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["{{ x }}", "{% y %}", "a", "\n", "{#\n#}", "'", "{% raw %}\n{{ z }}{% endraw %}"])))
def test_lines_are_counted(pieces):
    content = "".join(pieces) + "{{ last }}"
    found = [token for token in tokens(content) if token.content == "last"]
    assert [token.line for token in found] == [content.count("\n") + 1]


@pytest.mark.parametrize(
    "piece",
    [
        *("{{ " + "(" * 50_000, "{{ x" + "|safe" * 50_000 + " }}", "{{ x" + "[0" * 50_000 + " }}", "{{ '" * 30_000),
        *("{{ x if " * 30_000 + "}}", "{{ x }}<a b=" * 20_000, "<a b='" * 50_000, "{{", "{% raw %}" * 5_000),
        *("<script>" + "'\\" * 50_000, "<script>" + "a = /[" * 30_000, "<script>" + "/*'" * 30_000),
        *("{% if a %}" * 20_000, "{% set a = a.b ~ a.c %}" * 5_000, "{% for a in b %}" * 5_000),
        *("{% for a in a.b %}{{ a|safe }}" * 3_000, "{% with a=(" * 20_000 + "%}"),
    ],
    ids=lambda piece: piece[:14],
)
def test_no_template_takes_much_longer_than_others(piece):
    before = time.process_time()
    detect("a.html", piece.encode())
    assert time.process_time() - before < 3
