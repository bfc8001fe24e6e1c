import pytest

from grace.hunter.secrets import detect


@pytest.fixture
def scan():
    """The findings in a text or bytes, with a salt of the test's own."""

    def scan(content, path="app.py"):
        encoded = content.encode() if isinstance(content, str) else content
        return detect(path, encoded, salt=lambda: b"salt of a test")

    return scan


@pytest.fixture
def found(scan):
    """The rules that find something, by place."""

    def found(content, path="app.py"):
        return [finding.rule_id for finding in scan(content, path).findings]

    return found
