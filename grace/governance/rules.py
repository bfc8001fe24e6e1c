"""Which rule of a policy file decides about a change, and on which evidence."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from grace.contracts import PolicyResult, Verdict
from grace.errors import InputError
from grace.governance.facts import Facts
from grace.governance.globs import matches
from grace.governance.policies import FLOOR
from grace.governance.policy_file import POLICY_FILE, Globs, PathRole, When, parse_policy, rank
from grace.path_roles import decides_tests, names_dependencies, runs_in_ci, sets_policy

PATH_ROLES: Mapping[PathRole, Callable[[str], bool]] = {
    "tests": decides_tests,
    "dependencies": names_dependencies,
    "ci": runs_in_ci,
    "policy": sets_policy,
}
"""What `touches` calls the roles that a path can have."""


@dataclass(frozen=True)
class Ruling:
    """What a policy file says about a change; by default nothing, and then a review asks for one vote."""

    answer: PolicyResult | None = None
    votes: int = 1
    roles: tuple[str, ...] = ()
    within: float | None = None

    def beside(self, built_in: Sequence[PolicyResult]) -> tuple[PolicyResult, ...]:
        """This answer and those of the built-in policies, of which one that allows sets the reviews aside.

        Their denials stay whatever a rule says, and so do the reviews of those in FLOOR.
        """
        if self.answer is None:
            return tuple(built_in)
        if self.answer.verdict is not Verdict.ALLOW:
            return (self.answer, *built_in)
        return (self.answer, *(_set_aside(result, self.answer.policy_id) for result in built_in))


def rule_on(policy_file: bytes | None, facts: Facts) -> Ruling:
    """What the first rule that matches says; a file that cannot be read denies."""
    if policy_file is None:
        return Ruling()
    try:
        policy = parse_policy(policy_file, POLICY_FILE)
    except InputError as error:
        return Ruling(PolicyResult(policy_id=POLICY_FILE, verdict=Verdict.DENY, reason=str(error)))
    for rule in policy.rules:
        checked = list(_check(rule.when, facts))
        if all(holds for holds, _ in checked):
            evidence = "; ".join(seen for _, seen in checked) or "it has no conditions"
            answer = PolicyResult(policy_id=rule.policy_id, verdict=rule.then, reason=rule.name, evidence=evidence)
            return Ruling(answer, rule.votes, rule.roles, rule.within)
    return Ruling()


def _set_aside(result: PolicyResult, by: str) -> PolicyResult:
    if result.verdict is not Verdict.REVIEW or result.policy_id in FLOOR:
        return result
    return result.model_copy(update={"verdict": Verdict.ALLOW, "reason": f"set aside by {by}: {result.reason}"})


def _check(when: When, facts: Facts) -> Iterator[tuple[bool, str]]:
    """For each condition that is given: whether it holds, and which value that rests on."""
    request, verification, risk = facts.request, facts.verification, facts.impact.risk
    edited = [edit.path for edit in facts.change.edits]
    lines = facts.lines_changed
    if when.workflow is not None:
        yield request.kind in when.workflow, f"workflow: {request.kind}"
    if when.requested_by is not None:
        yield request.requested_by in when.requested_by, f"requested_by: {request.requested_by}"
    if when.paths is not None:
        named = _named(when.paths, edited)
        yield bool(named), f"paths: {', '.join(named)}"
    if when.only_paths is not None:
        yield _named(when.only_paths, edited) == edited, f"only_paths: {', '.join(edited)}"
    if when.touches is not None:
        found = {role: facts.edited(PATH_ROLES[role]) for role in when.touches}
        seen = ", ".join(f"{role} ({', '.join(paths)})" for role, paths in found.items() if paths)
        yield any(found.values()), f"touches: {seen}"
    if when.lines_changed_at_least is not None:
        yield lines >= when.lines_changed_at_least, f"lines_changed_at_least {when.lines_changed_at_least}: {lines}"
    if when.lines_changed_at_most is not None:
        yield lines <= when.lines_changed_at_most, f"lines_changed_at_most {when.lines_changed_at_most}: {lines}"
    if when.verification is not None:
        result = "passed" if verification.passed else "failed"
        yield result == when.verification, f"verification: {result}"
    if when.isolation is not None:
        yield verification.isolation in when.isolation, f"isolation: {verification.isolation}"
    if (severity := when.findings_at_least) is not None:
        grave = [f for f in facts.scan.findings if rank(f.severity) >= rank(severity)]
        seen = ", ".join(f"{f.rule_id} {f.severity} at {f.location.path}:{f.location.line}" for f in grave)
        yield bool(grave), f"findings_at_least {severity}: {seen}"
    if when.risk_at_least is not None:
        yield rank(risk) >= rank(when.risk_at_least), f"risk_at_least {when.risk_at_least}: {risk}"
    if when.risk_at_most is not None:
        yield rank(risk) <= rank(when.risk_at_most), f"risk_at_most {when.risk_at_most}: {risk}"


def _named(globs: Globs, paths: Sequence[str]) -> list[str]:
    """The paths that one of the globs names."""
    return [path for path in paths if any(matches(glob, path) for glob in globs)]
