from hypothesis import given
from hypothesis import strategies as st

from grace.store.redaction import MASK, redact


def test_credentials_in_a_url_are_masked_and_the_host_stays() -> None:
    assert redact("clone https://ann:hunter2@example.com/x.git") == f"clone https://{MASK}@example.com/x.git"


def test_vendor_tokens_are_masked() -> None:
    token = "ghp_" + "a1B2" * 9
    assert redact(f"use {token}.") == f"use {MASK}."


def test_assigned_passwords_are_masked_and_their_name_stays() -> None:
    assert redact("password = s3cret-value; next") == f"password = {MASK}; next"


def test_a_private_key_is_masked_even_when_cut_off() -> None:
    assert redact("-----BEGIN RSA PRIVATE KEY-----\nMIIEow") == MASK


def test_ordinary_sentences_stay() -> None:
    text = "The token bucket fills wrongly; see password_reset() and https://example.com:8080/a@b"
    assert redact(text) == text


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)
