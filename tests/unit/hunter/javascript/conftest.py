import pytest

from grace.hunter.javascript import detect


@pytest.fixture
def found():
    """The rules that find something in a source, each with its line."""

    def found(code, path="app.ts"):
        detection = detect(path, code.encode())
        assert not detection.failures
        return [(finding.rule_id.removeprefix("js-"), finding.location.line) for finding in detection.findings]

    return found


@pytest.fixture
def rules(found):
    """The rules that find something in a source."""
    return lambda code, path="app.ts": [rule for rule, _ in found(code, path)]
