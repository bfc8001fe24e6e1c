import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace.hunter.secrets import detect
from grace.hunter.secrets.decoding import MOST_BYTES, decode
from grace.hunter.secrets.examples import token
from grace.hunter.secrets.formats import formats

GITHUB = token("ghp_<base62:30><crc32>", "input")
LINE = f'# päckchen\ntoken = "{GITHUB}"\n'


@pytest.mark.parametrize(
    "content",
    [
        LINE.encode("utf-8"),
        LINE.encode("utf-8-sig"),
        LINE.encode("utf-16"),
        LINE.encode("utf-16-le"),
        LINE.encode("utf-16-be"),
        LINE.encode("utf-32"),
        LINE.encode("latin-1"),
        LINE.replace("\n", "\r\n").encode(),
        b"\x80\xff\n" + LINE.encode(),
    ],
    ids=["utf-8", "mark", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "crlf", "broken"],
)
def test_encodings(content, scan):
    (finding,) = scan(content).findings
    assert finding.rule_id == "github-token"
    assert finding.location.line == 3 if content[:2] == b"\x80\xff" else 2


def test_tokens_inside_binaries_are_found(scan):
    binary = bytes(range(256)) * 20
    (finding,) = scan(binary + GITHUB.encode() + b"\0" + binary, "app.bin").findings
    assert finding.rule_id == "github-token"
    assert GITHUB[4:] not in finding.evidence


def test_too_large_a_file_is_said_to_be_so(scan):
    report = scan(b"a" * 20_000_000, "dump.sql")
    assert report.findings == ()
    assert report.failures == {"dump.sql": f"not read for secrets: 20,000,000 bytes, more than {MOST_BYTES:,}"}


def test_nothing_is_found_in_nothing(scan):
    assert scan(b"") == scan(b"\n") == scan(b"\0")


def test_a_secret_in_one_long_line_is_shown_with_what_is_near(scan):
    (finding,) = scan("x=1;" * 200_000 + f'a="{GITHUB}";' + "y=2;" * 200_000, "app.min.js").findings
    assert len(finding.evidence) <= 200
    assert 'a="ghp_…";y=2' in finding.evidence


def test_letters_that_grow_when_small_shift_nothing(scan):
    (finding,) = scan('İİİİİİİİ = 1\npassword = "' + token("<base62:24>", "turkish") + '"\n').findings
    assert finding.evidence == 'password = "…"'


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read(content):
    decode(content)
    assert detect("a", content, salt=lambda: b"s") == detect("a", content, salt=lambda: b"s")


PIECES = sorted({keyword for form in formats() for keyword in form.keywords}) + list("\"'=: @/\\\n+-.")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=60))
def test_any_mixture_of_beginnings_is_read(pieces):
    detect("a.env", "".join(pieces).encode("utf-8", "surrogatepass"), salt=lambda: b"s")


@pytest.mark.parametrize(
    "piece",
    [
        *("eyJ", "eyJ-", "eyJa.", "://", "://a:", "://a:b@", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "token"),
        *("key='", 'password="', "secret: ", "PuTTY-User-Key-File-2: ", "/", "JQQJ99/", "sk-ant-api03-", "ghp_"),
        *("token: a = ", "\n"),
    ],
)
def test_no_text_takes_much_longer_than_others(piece):
    content = (piece * (100_000 // len(piece))).encode()
    before = time.process_time()
    detect("a.env", content, salt=lambda: b"s")
    assert time.process_time() - before < 5
