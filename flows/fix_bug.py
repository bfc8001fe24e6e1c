"""Fix a bug: reproduce it, repair it, prove it, deliver it."""

from functools import partial

from prefect import flow

from flows.assurance import assure_and_deliver
from grace.contracts import Evidence, FixBug, GaveUp, NothingToDo, Outcome, Reproduction, Request
from grace.contracts import ReproductionStatus as Status
from tasks.generate import generate_fix
from tasks.parse import parse_request
from tasks.plan import make_plan
from tasks.record import begin_run, publish_evidence, record_cancellation, record_failure, record_outcome
from tasks.reproduce import reproduce_bug
from tasks.verify import verify_fix


@flow(
    name="fix-bug",
    flow_run_name="fix {wish.name}",
    description="Reproduce a bug by its failing tests, search for a repair, prove it in a sandbox, "
    "scan and judge it, and deliver it as a branch.",
    validate_parameters=True,
    on_failure=[record_failure],
    on_cancellation=[record_cancellation],
)
def fix_bug(wish: FixBug) -> Outcome:
    """Carry one wish for a bug fix to its outcome."""
    request = begin_run(wish)
    outcome = _fix(request)
    record_outcome(request, outcome)
    publish_evidence(request, outcome, return_state=True)  # a UI that cannot be reached undoes no delivery
    return outcome


def _fix(request: Request) -> Outcome:
    make_plan(request, parse_request(request))
    reproduction = reproduce_bug(request)
    evidence = Evidence(reproduction=reproduction)
    if reproduction.status is Status.GREEN:
        return NothingToDo(run_id=request.id, reason=reproduction.reason, evidence=evidence)
    if not reproduction.red:
        return _gave_up(request, reproduction.reason, evidence, reproduction)
    repair = generate_fix(request, reproduction)
    evidence = evidence.model_copy(update={"repair": repair})
    if repair.change is None or not repair.plausible:  # a change that repairs only part is there to be read
        return _gave_up(request, repair.reason, evidence, reproduction)
    verify = partial(verify_fix, request, reproduction)
    return assure_and_deliver(request, repair.change, evidence, verify)


def _gave_up(request: Request, reason: str, evidence: Evidence, reproduction: Reproduction) -> GaveUp:
    causes = {
        Status.FLAKY: "flaky",
        Status.NO_TESTS: "no_tests",
        Status.UNCOLLECTABLE: "uncollectable",
    }
    cause = causes.get(reproduction.status, "no_repair")
    return GaveUp.model_validate({"run_id": request.id, "reason": reason, "cause": cause, "evidence": evidence})
