"""People's part in a workflow: the flow is suspended until their votes settle what becomes of the change."""

from itertools import count
from typing import Literal

from prefect import suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment
from pydantic import Field

from grace.contracts import Ballot, Decision, Evidence, Request, Tally
from tasks.artifacts import ballot_markdown
from tasks.vote import ask_for_votes, count_votes, read_ballot

GRACE_PERIOD_SECONDS = 7 * 86_400
"""How much longer than policy Prefect lets a run wait: what is late ends as `expired`, which Prefect does not know."""


class BallotForm(RunInput):
    """The form that the Prefect UI shows at "Resume". What is typed here is kept in clear: hence the code."""

    # Counting again is the default because it is what a resume without an answer comes to.
    answer: Literal["approve", "reject", "count again"] = Field(
        "count again", description="Your vote on the change shown above."
    )
    comment: str = Field("", max_length=2000, description="Why. Goes on record with your vote.")
    code: str = Field("", max_length=40, description="From `grace approvals code RUN`. It proves who votes, once.")


def await_votes(request: Request, decision: Decision, evidence: Evidence) -> Tally:
    """The votes, once they settle the matter; while they do not, and somebody can be asked, the process ends here.

    Only a run of a deployment can be suspended; another one ends as waiting. A resumed run starts from the top and
    comes by here again: each form has a name of its own, so that its answer is found.
    """
    for number in count(1):
        tally = count_votes(request, decision)
        if tally.status != "open" or not deployment.id:
            return tally
        form = f"ballot-{decision.change_digest[:12]}-{number}"
        ask_for_votes(request, decision, evidence, form)
        answer = suspend_flow_run(
            wait_for_input=BallotForm.with_initial_data(description=ballot_markdown(request, evidence, tally)),
            key=form,
            timeout=_timeout(decision),
        )
        ballot = Ballot(answer=answer.answer, comment=answer.comment, code=answer.code)
        read_ballot(request, decision, ballot, form)
    raise AssertionError("unreachable")


def _timeout(decision: Decision) -> int | None:
    return int(decision.within_seconds) + GRACE_PERIOD_SECONDS if decision.within_seconds else None
