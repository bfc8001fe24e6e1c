import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace.contracts import Severity
from grace.hunter.catalogue import rules_of
from grace.hunter.secrets import COMMIT_MESSAGE, detect, detect_in_added_lines, detect_in_message, masked
from grace.hunter.secrets.examples import token

GITHUB = token("ghp_<base62:30><crc32>", "findings")
PASSWORD = token("<base62:20>", "findings")
KEY = token("-----BEGIN RSA PRIVATE KEY-----\n<lines:8>\n-----END RSA PRIVATE KEY-----", "findings")
SHAPES = sorted(shape for rule in rules_of("secrets") for shape in rule.details["shape"])


def salt():
    return b"salt of a test"


def level(findings):
    return [(finding.severity, finding.confidence) for finding in findings]


def test_what_kind_of_secret_it_is_decides_how_sure_the_finding_is(scan):
    assert level(scan(f'T = "{GITHUB}"').findings) == [(Severity.HIGH, Severity.HIGH)]
    assert level(scan(f'T = "{GITHUB[:-1]}{"a" if GITHUB[-1] != "a" else "b"}"').findings) == [
        (Severity.HIGH, Severity.MEDIUM)
    ]
    assert level(scan(f'password = "{PASSWORD}"').findings) == [(Severity.MEDIUM, Severity.MEDIUM)]


@pytest.mark.parametrize(
    "path",
    ["tests/test_a.py", "src/app/tests/data.json", "docs/setup.md", "examples/run.py", "app.test.ts", ".env.example"],
)
def test_where_secrets_are_shown_only_the_certain_ones_count(path, scan):
    findings = scan(f'password = "{PASSWORD}"\nT = "{GITHUB}"\n', path).findings
    assert [finding.confidence for finding in findings] == [Severity.LOW, Severity.HIGH]


@pytest.mark.parametrize("path", ["app.py", "contest/app.py", "latest.yaml", ".env", "specification/a.py"])
def test_elsewhere_they_count_as_they_are(path, scan):
    assert [f.confidence for f in scan(f'password: "{PASSWORD}"\n', path).findings] == [Severity.MEDIUM]


def test_the_line_is_shown_without_the_secret(scan):
    (finding,) = scan(f'\n\n  token = "{GITHUB}"  # for the build\n').findings
    assert finding.evidence == 'token = "ghp_…" # for the build'
    assert (finding.location.line, finding.location.end_line) == (3, 3)
    assert (finding.cwe, finding.detector, finding.rule_id) == (798, "secrets", "github-token")


def test_other_secrets_on_the_line_are_not_shown_either(scan):
    second = token("glpat-<base62:20>", "other")
    line = f'a, b = "{GITHUB}", "{second}"; password = "{PASSWORD}"'
    assert [finding.evidence for finding in scan(line).findings][:2] == ['a, b = "ghp_…", "glpa…"; password = "…"'] * 2


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SHAPES), st.integers(0, 9), st.sampled_from(SHAPES), st.text(max_size=20))
def test_no_part_of_a_secret_is_in_a_finding(shape, seed, beside, around):
    value, twin, other = (token(kind, each) for kind, each in ((shape, str(seed)), (shape, "twin"), (beside, "beside")))
    drawn = {part for part in parts_of(value) if part not in twin}
    for text in (
        f'{around} password = "{value}" {around} url = "https://u:{value}@h.shop.io" "{other}"',
        f"Authorization: Bearer {value}\n{other}",
        f"TOKEN={value} {other}",
    ):
        findings = detect("a.env", text.encode(), salt=salt).findings
        shown = json.dumps([finding.model_dump(mode="json") for finding in findings], ensure_ascii=False)
        assert not {part for part in drawn if part in shown}


def parts_of(value):
    return {value[at : at + 10] for at in range(4, len(value) - 9)}


def test_any_text_can_be_masked():
    assert masked(f"run --password={PASSWORD} --token {GITHUB} https://u:{PASSWORD}@h.shop.io/x") == (
        "run --password=… --token ghp_… https://u:…@h.shop.io/x"
    )
    assert masked("nothing to hide: password = next(words)") == "nothing to hide: password = next(words)"


def test_a_key_of_many_lines_is_one_finding(scan):
    (finding,) = scan(f'\nKEY = """{KEY}"""\n').findings
    assert finding.rule_id == "private-key"
    assert (finding.location.line, finding.location.end_line) == (2, 11)
    assert finding.evidence == 'KEY = """…'


def test_a_key_in_one_line_of_json_is_found(scan):
    (finding,) = scan(json.dumps({"private_key": KEY + "\n"}), "service.json").findings
    assert (finding.rule_id, finding.confidence) == ("private-key", Severity.HIGH)


def test_an_encrypted_key_is_not_certain(scan):
    lines = KEY.split("\n")
    lines[1:1] = ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF", ""]
    assert [finding.confidence for finding in scan("\n".join(lines), "id_rsa").findings] == [Severity.MEDIUM]


def test_equal_secrets_have_one_fingerprint_wherever_they_are(scan):
    here, there = scan(f'T = "{GITHUB}"').findings, scan(f"\n\nx: {GITHUB}", "b/c.yaml").findings
    assert here[0].fingerprint == there[0].fingerprint
    assert here[0].fingerprint != scan(f'T = "{token("ghp_<base62:30><crc32>", "x")}"').findings[0].fingerprint


def test_a_fingerprint_follows_from_the_salt():
    content = f'T = "{GITHUB}"'.encode()
    one, other = (detect("a.py", content, salt=lambda s=s: s).findings[0] for s in (b"one", b"other"))
    assert one.fingerprint != other.fingerprint
    assert one == detect("a.py", content, salt=lambda: b"one").findings[0]


def test_the_salt_is_not_asked_for_nothing():
    def refuse():
        raise AssertionError

    assert detect("a.py", b"x = 1\n", salt=refuse).findings == ()


def test_only_added_lines_count_with_everything_around_them_read():
    content = f'a = "{GITHUB}"\npassword = "{PASSWORD}"\n{KEY}\n'.encode()

    def rules(lines):
        return [f.rule_id for f in detect_in_added_lines("a.py", content, lines, salt=salt).findings]

    assert rules({1}) == ["github-token"]
    assert rules({2, 500}) == ["named-credential"]
    assert rules([7]) == ["private-key"]
    assert rules(()) == []


def test_failures_stay_when_only_lines_are_asked_for():
    assert detect_in_added_lines("a.bin", b"x" * 6_000_000, {1}, salt=salt).failures


def test_a_message_is_read_too():
    (finding,) = detect_in_message(f"Fix login\n\nworks with {GITHUB}\n", salt=salt).findings
    assert (finding.location.path, finding.location.line) == (COMMIT_MESSAGE, 3)
    assert detect_in_message("", salt=salt).findings == ()


def test_of_a_thousand_secrets_and_more_the_rest_is_counted(scan):
    report = scan("\n".join(token("ghp_<base62:30><crc32>", str(at)) for at in range(1005)))
    assert len(report.findings) == 1000
    assert report.failures == {"app.py": "5 more secrets are not listed"}
