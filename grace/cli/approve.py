"""`grace approve`, `grace reject`, `grace approvals` and `grace approvers`: people's votes."""

import sys
import time
from datetime import UTC, datetime

from grace.cli import answer
from grace.cli.fix import login_name, rerun, tell
from grace.cli.report import Reporter
from grace.cli.suspended import follow, is_suspended, wake
from grace.contracts import Approver, Decision, Outcome, Request, Tally, Vote, Waiting
from grace.errors import InputError, TransientError
from grace.settings import Settings
from grace.store.approvals import SqlApprovals
from grace.store.audit import SqlAuditLog
from grace.store.ballot_codes import CODE_SECONDS, SqlBallotCodes
from grace.store.ledger import SqlLedger


def vote(prefix: str, *, approved: bool, comment: str, name: str, as_json: bool) -> int:
    """Cast a vote on the change that a run waits with; the run goes on when that settles it.

    Gives the exit code of the run, 3 while votes are still missing. Raises InputError when the run does not wait,
    or when the voter cannot prove who they are.
    """
    settings = Settings()
    ledger = SqlLedger.open(settings.database)
    approvals = SqlApprovals.open(settings.database)
    run_id = ledger.find(prefix)
    request, outcome = ledger.request(run_id), ledger.outcome(run_id)
    decision = _awaited(run_id, outcome)
    cast = _vote(approvals, request, decision, name or login_name(settings), settings)
    cast = cast.model_copy(update={"approved": approved, "comment": comment})
    SqlAuditLog.open(settings.database, settings.audit_key, settings.audit_key_file).vote_cast(run_id, cast)
    approvals.cast(run_id, cast)
    standing = approvals.tally(decision, request, datetime.now(UTC))
    if standing.status == "open":
        _show(run_id, cast, standing, as_json=as_json)
        return 3
    return _go_on(request, ledger, as_json=as_json)


def code(prefix: str, *, name: str, as_json: bool) -> int:
    """Give a one-time code for the form of a suspended run, to somebody who proves that they may vote.

    Raises InputError when the run does not wait, or when they cannot prove who they are.
    """
    settings = Settings()
    ledger = SqlLedger.open(settings.database)
    run_id = ledger.find(prefix)
    decision, voter = _awaited(run_id, ledger.outcome(run_id)), name or login_name(settings)
    proof = _prove(SqlApprovals.open(settings.database), voter, settings)
    codes = SqlBallotCodes.open(settings.database)
    given = codes.issue(run_id, decision.change_digest, voter, proof, datetime.now(UTC))
    if as_json:
        answer.write({"run_id": run_id, "voter": voter, "code": given, "seconds": CODE_SECONDS})
    else:
        sys.stdout.write(
            f"{given}\n\nThis is one vote of {voter} on the change of run {run_id}, for {CODE_SECONDS // 60} minutes.\n"
            'Put it into the form that the Prefect UI shows at "Resume".\n'
        )
    return 0


def _go_on(request: Request, ledger: SqlLedger, *, as_json: bool) -> int:
    """Let the run go on where it waits: on the server that suspended it, else in this process."""
    settings, flow_run_id = Settings(), ledger.flow_run(request.id)
    if flow_run_id is None or not is_suspended(flow_run_id, settings):
        return rerun(request.id, approve=False, as_json=as_json)
    began, reporter = time.monotonic(), Reporter(quiet=as_json)
    wake(flow_run_id, settings)
    with reporter.watching(request) as listener:
        outcome = follow(ledger, request, listener)
    if outcome is None:
        raise TransientError(f"The votes are in; run {request.id} waits for a worker. `grace show {request.id}` tells.")
    return tell(request, outcome, reporter, round(time.monotonic() - began, 2), as_json=as_json)


def _awaited(run_id: str, outcome: Outcome | None) -> Decision:
    if not isinstance(outcome, Waiting) or outcome.evidence.decision is None:
        how = outcome.status.replace("_", " ") if outcome else "not at its end"
        raise InputError(f"Run {run_id} does not wait for votes: it is {how}. `grace show {run_id}` says more.")
    return outcome.evidence.decision


def _vote(approvals: SqlApprovals, request: Request, decision: Decision, name: str, settings: Settings) -> Vote:
    proof = _prove(approvals, name, settings)
    return Vote(
        voter=name,
        role="requester" if name == request.requested_by else "approver",
        authenticated_by=proof,
        approved=False,
        cast_at=datetime.now(UTC),
        change_digest=decision.change_digest,
    )


def _prove(approvals: SqlApprovals, name: str, settings: Settings) -> str:
    """How somebody proved who they are. Raises InputError when they did not."""
    if not approvals.approvers():
        return "the account that ran the command"
    approvals.authenticate(name, _key(name, settings))
    return "personal key"


def _key(name: str, settings: Settings) -> str:
    if settings.approver_key:
        return settings.approver_key.get_secret_value()
    if not sys.stdin.isatty():
        raise InputError(f"Who votes as {name} proves it: put your personal key into GRACE_APPROVER_KEY.")
    import typer

    return str(typer.prompt(f"Personal key of {name}", hide_input=True, err=True))


def _show(run_id: str, cast: Vote, standing: Tally, *, as_json: bool) -> None:
    refused = next((r.reason for r in standing.refused if r.vote.voter == cast.voter), "")
    if as_json:
        answer.write(
            {
                "status": "waiting",
                "run_id": run_id,
                "counts": not refused,
                "refused": refused,
                "tally": standing.model_dump(mode="json"),
            }
        )
    else:
        said = f"The vote of {cast.voter} does not count: {refused}." if refused else f"{cast.voter} has voted."
        sys.stdout.write(f"{said}\nRun {run_id} waits on: {standing.reason}.\n")


def add_approver(name: str, roles: list[str], *, as_json: bool) -> int:
    """Make somebody an approver and show their personal key, this once."""
    key = SqlApprovals.open(Settings().database).add(Approver(name=name, roles=tuple(roles)))
    if as_json:
        answer.write({"name": name, "roles": roles, "key": key})
    else:
        sys.stdout.write(
            f"{key}\n\nThis is the personal key of {name}; it is kept nowhere and not shown again.\n"
            f"They vote with:  GRACE_APPROVER_KEY=... grace approve RUN --as {name}\n"
        )
    return 0


def remove_approver(name: str, *, as_json: bool) -> int:
    """Take somebody's vote away."""
    SqlApprovals.open(Settings().database).remove(name)
    if as_json:
        answer.write({"removed": name})
    return 0


def list_approvers(*, as_json: bool) -> int:
    """Everybody whose votes count."""
    found = SqlApprovals.open(Settings().database).approvers()
    if as_json:
        answer.write({"approvers": [approver.model_dump(mode="json") for approver in found]})
    elif found:
        sys.stdout.writelines(f"{a.name}  {', '.join(a.roles) or '(any role)'}\n" for a in found)
    else:
        sys.stdout.write("There are none: whoever works here alone approves for themselves.\n")
    return 0
