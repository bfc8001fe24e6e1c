"""GP009: a change of the judges needs a vote."""

from grace.contracts import PolicyResult, Verdict, WorkflowKind
from grace.governance.facts import Facts, allowed
from grace.path_roles import decides_tests, is_test

_WRITES_TESTS = {WorkflowKind.ADD_TESTS, WorkflowKind.CREATE_FEATURE, WorkflowKind.IMPLEMENT_API}


def tests(facts: Facts) -> PolicyResult:
    """Review when tests or their settings are edited; new tests are fine where the workflow writes tests."""
    new = {edit.path for edit in facts.change.edits if edit.before_hash is None and is_test(edit.path)}
    welcome = new if facts.request.kind in _WRITES_TESTS else set()
    if edited := tuple(path for path in facts.edited(decides_tests) if path not in welcome):
        return PolicyResult(
            policy_id="GP009", verdict=Verdict.REVIEW, reason="tests edited", evidence=", ".join(edited)
        )
    return allowed("GP009", "no test edited")
