"""A push arrived: fetch it, run its tests where its repository wants that, and have fixed what it broke."""

from typing import Literal

from prefect import flow

from grace.contracts import Evidence, GaveUp, NothingToDo, Outcome, Push, PushResult, Reproduction, Request
from grace.contracts import ReproductionStatus as Status
from tasks.fetch import fetch_repository
from tasks.react import find_fix, plan_reaction, start_fix, start_indexing
from tasks.record import begin_run, record_cancellation, record_failure, record_outcome
from tasks.reproduce import reproduce_bug


@flow(
    name="on-git-push",
    flow_run_name="{push.repository} {push.branch} {push.run_id}",
    description="Look at a push that a webhook told of: have what is new indexed, run the tests of the pushed commit "
    "where the repository's .grace/config.toml asks for it, and start fix-bug when they fail.",
    validate_parameters=True,
    on_failure=[record_failure],
    on_cancellation=[record_cancellation],
)
def on_git_push(push: Push) -> PushResult:
    """Carry one push to what comes of it."""
    if fixing := find_fix(push):
        return PushResult(run_id=push.run_id, status="fixing", reason="It was started before.", flow_run_id=fixing)
    repository = fetch_repository(push)
    start_indexing(push, repository)
    wish = plan_reaction(push, repository)
    if isinstance(wish, PushResult):
        return wish
    request = begin_run(wish)
    reproduction = reproduce_bug(request)  # kept under the run's id: fix-bug does not run the tests again
    if reproduction.status is Status.RED:
        fixing = start_fix(wish)
        return PushResult(run_id=request.id, status="fixing", reason=reproduction.reason, flow_run_id=fixing)
    record_outcome(request, _nothing_to_fix(request, reproduction))
    status: Literal["passed", "unclear"] = "passed" if reproduction.status is Status.GREEN else "unclear"
    return PushResult(run_id=request.id, status=status, reason=reproduction.reason)


def _nothing_to_fix(request: Request, reproduction: Reproduction) -> Outcome:
    ending = {"run_id": request.id, "reason": reproduction.reason, "evidence": Evidence(reproduction=reproduction)}
    if reproduction.status is Status.GREEN:
        return NothingToDo.model_validate(ending)
    return GaveUp.model_validate({**ending, "cause": reproduction.status.value})
