"""What is unmistakably a secret is masked; ordinary code and sentences stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.redaction import MASK, redact, redact_command

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"
SECRETS = [
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    "glpat-" + "a1B2" * 5,
    "xoxb-123456789012-abcdefghij",
    "sk-proj-" + "a1B2" * 6,
    "AKIAIOSFODNN7EXAMPLE",
    JWT,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_has_the_form_of_a_secret_is_masked_wherever_it_stands(secret: str) -> None:
    assert redact(f"use {secret}.") == f"use {MASK}."
    assert redact(f'{{"key": "{secret}"}}') == f'{{"key": "{MASK}"}}'
    assert redact(f"PRIVATE_KEY={secret}") == f"PRIVATE_KEY={MASK}"


def test_a_private_key_is_masked_even_when_cut_off() -> None:
    assert redact("-----BEGIN RSA PRIVATE KEY-----\nMIIEow") == MASK


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("clone https://ann:hunter2@example.com/x.git", f"clone https://{MASK}@example.com/x.git"),
        ("postgresql://:hunter2@db:5432/x", f"postgresql://{MASK}@db:5432/x"),
        ("password = s3cret-value; next", f"password = {MASK}; next"),
        ("API_KEY=abc123 pytest", f"API_KEY={MASK} pytest"),
        ("AWS_SECRET_ACCESS_KEY=x GITHUB_TOKEN='a b' make", f"AWS_SECRET_ACCESS_KEY={MASK} GITHUB_TOKEN={MASK} make"),
        ("pytest --token=hunter --db-password=x -q", f"pytest --token={MASK} --db-password={MASK} -q"),
        ("Authorization: Bearer abcdefghijklmnop", f"Authorization: Bearer {MASK}"),
        ("'authorization': 'Basic dXNlcjpwYXNz'", f"'authorization': 'Basic {MASK}'"),
        ("E  assert {'token': 'a1.b2-c3'} == 1", f"E  assert {{'token': '{MASK}'}} == 1"),
        ('db_password: "hunter2"', f'db_password: "{MASK}"'),
    ],
)  # fmt: skip
def test_the_value_is_masked_and_what_it_is_for_stays(text: str, masked: str) -> None:
    assert redact(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "The token bucket fills wrongly; see password_reset() and https://example.com:8080/a@b",
        "+    token = next(tokens)",
        "-    token = tokens[index1]",
        "     secret = hashlib.sha256(b'').hexdigest()",
        "     return login(user, password=self.password2, token=token, api_key=None)",
        "def check(password: str, token: Optional[Token] = None) -> bool:",
        "     password = form['password'] if form else ''",
        "     while token == other_token1234:",
        "max_tokens=100000, token_count: 123456789",
        "TOKEN = re.compile(r'[a-z0-9]+')",
        "TOKEN=$TOKEN make",
        "git@github.com:ann/project.git and ann@example.com",
        "the task-force found sk-learn-contrib-extras and 0x7f3d894a6c00",
    ],
)
def test_ordinary_code_and_sentences_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["env", "token=abc", "pytest"], ["env", f"token={MASK}", "pytest"]),
        (["pytest", "--token", "abc", "-k", "token"], ["pytest", "--token", MASK, "-k", "token"]),
        (["pytest", "--api-key=a b=c", "--token", "-x"], ["pytest", f"--api-key={MASK}", "--token", "-x"]),
        (["sh", "-c", "cd x && API_KEY=abc pytest"], ["sh", "-c", f"cd x && API_KEY={MASK} pytest"]),
        (["pytest", "tests/test_token.py::test_secret"], ["pytest", "tests/test_token.py::test_secret"]),
    ],
)
def test_a_command_is_shown_without_the_values_of_its_secrets(words: list[str], shown: list[str]) -> None:
    assert redact_command(words) == tuple(shown)


PIECES = [*SECRETS, *"=:@/.-_'\"([ \n$", "://", "token", "API_KEY", "--password", "bearer ", "a1b2c3d4", MASK, "x"]
TEXTS = st.text() | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(TEXTS)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(TEXTS)
def test_a_text_grows_by_its_masks_at_most(text: str) -> None:
    redacted = redact(text)
    assert len(redacted) <= len(text) + len(MASK) * redacted.count(MASK)


@given(st.lists(TEXTS, max_size=5))
def test_a_command_keeps_its_words_and_is_masked_once(words: list[str]) -> None:
    shown = redact_command(words)
    assert len(shown) == len(words)
    assert redact_command(shown) == shown


@given(st.text(), st.sampled_from(SECRETS), st.text())
def test_no_secret_stays_between_other_words(before: str, secret: str, after: str) -> None:
    assert secret not in redact(f"{before} {secret} {after}")
