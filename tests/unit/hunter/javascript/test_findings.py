import textwrap

from grace.contracts import Severity
from grace.hunter.javascript import detect

CODE = """
class Users {
  async find(id) {
    const statement = `SELECT * FROM users WHERE id = ${id}`;
    return this.pool.query(statement);
  }

  show(req, res) {
    const id = req.params.id;
    return this.find(id);
  }
}
"""


def findings(code, path="app.js"):
    return detect(path, code.encode()).findings


def fingerprint(code):
    (finding,) = findings(code)
    return finding.fingerprint


def test_a_finding_tells_the_way_of_the_data():
    (finding,) = findings(CODE)
    assert (finding.rule_id, finding.cwe, finding.detector) == ("js-sql-injection", 89, "javascript")
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Severity.HIGH)
    assert finding.title == "Untrusted data is part of an SQL statement: req.params.id"
    assert finding.symbol == "Users.find"
    assert finding.evidence == "return this.pool.query(statement);"
    assert finding.location.line == 5
    assert [step.location.line for step in finding.flow] == [9, 10, 3, 4, 5]
    assert finding.flow[0].text == "const id = req.params.id;"
    assert finding.flow[-1].text == finding.evidence


def test_a_bad_setting_has_no_flow():
    (finding,) = findings("const agent = new https.Agent({\n  rejectUnauthorized: false,\n});")
    assert finding.flow == ()
    assert finding.location.line == 2


def test_layout_quotes_and_comments_leave_it_the_same_finding():
    one = "app.get('/', (req, res) => {\n  db.query('SELECT ' + req.query.x, [1]);\n});"
    same = (
        "// first\n\napp.get('/', (req, res) => {\n  /* then */\n"
        '  db.query(\n    "SELECT " + req.query.x, // why\n    [1],\n  );\n});'
    )
    assert fingerprint(one) == fingerprint(same)


def test_another_statement_function_or_source_is_another_finding():
    one = "function a(req, res) { db.query('SELECT ' + req.query.x); }"
    others = [
        one.replace("SELECT", "DELETE"),
        one.replace("function a", "function b"),
        one.replace("req.query.x", "process.argv[2]"),
    ]
    assert len({fingerprint(code) for code in (one, *others)}) == 4


def test_arguments_of_a_command_are_less_sure_than_a_request():
    (finding,) = findings("require('child_process').exec('ls ' + process.argv[2]);")
    assert (finding.rule_id, finding.confidence) == ("js-command-injection", Severity.LOW)


def test_a_sink_is_reported_once():
    code = "app.get('/', (req, res) => { run(req.query.a); run(req.query.b); });\nfunction run(x) { eval(x); }"
    assert [finding.location.line for finding in findings(code)] == [2]


def test_what_tests_switch_off_is_only_noted():
    code = "https.request({ rejectUnauthorized: false });"
    paths = ("a.js", "tests/a.js", "src/a.test.ts", "src/__tests__/a.js")
    assert [findings(code, path)[0].confidence for path in paths] == [Severity.HIGH, *[Severity.LOW] * 3]


def test_secrets_in_the_lines_are_not_shown():
    value = "s3cr3t" + "Value99"
    (finding,) = findings(f"app.get('/', (req, res) => {{ const password = '{value}'; eval(req.query.x); }});")
    assert value not in finding.model_dump_json()


def test_rows_are_those_of_the_file_when_there_are_wide_characters():
    code = textwrap.dedent("""\
        // 日本語 😀
        const s = 'ü';
        app.get('/', (req, res) => {
          eval(req.query.x);
        });
        """)
    assert [finding.location.line for finding in findings(code)] == [4]


def test_other_languages_are_not_read():
    assert findings("eval(location.hash)", "app.py") == ()
