"""`grace policy`: whether a policy file can be read, and what decided about a run."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grace.cli.options import Json, RunId

if TYPE_CHECKING:  # `grace --help` imports this module
    from grace.contracts import Decision, PolicyResult

app = typer.Typer(help="Check a policy file, and say what decided.", no_args_is_help=True, rich_markup_mode=None)


@app.command(epilog="Example:  grace policy check .grace/policy.toml")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A policy file, such as .grace/policy.toml.")],
    as_json: Json = False,
) -> None:
    """Read a policy file: say what is wrong with it, or how many rules it has and which can never match."""
    from grace.errors import InputError
    from grace.governance import parse_policy, policy_version

    try:
        text = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}. Give the path of a policy file.") from error
    policy = parse_policy(text, str(file))
    warnings = list(policy.warnings())
    if as_json:
        from grace.cli import answer

        rules = [rule.name for rule in policy.rules]
        answer.write({"status": "ok", "version": policy_version(text), "rules": rules, "warnings": warnings})
        return
    count = len(policy.rules)
    sys.stdout.write(f"{file}: {count} {'rule' if count == 1 else 'rules'}, version {policy_version(text)}\n")
    sys.stdout.writelines(f"  warning: {warning}\n" for warning in warnings)


@app.command(epilog="Example:  grace policy explain 3fa9")
def explain(run: RunId, as_json: Json = False) -> None:
    """Say which rule or policies decided about a run, and on which evidence."""
    from grace.settings import Settings
    from grace.store.ledger import SqlLedger

    ledger = SqlLedger.open(Settings().database)
    run_id = ledger.find(run)
    outcome = ledger.outcome(run_id)
    decision = outcome.evidence.decision if outcome else None
    if as_json:
        from grace.cli import answer

        answer.write(
            {
                "status": decision.verdict.value if decision else "undecided",
                "run_id": run_id,
                "decided_by": [result.policy_id for result in deciding(decision)] if decision else [],
                "decision": decision.model_dump(mode="json") if decision else None,
            }
        )
    elif decision:
        from grace.cli.report import plain

        sys.stdout.writelines(f"{plain(line)}\n" for line in _explanation(run_id, decision))
    else:
        why = outcome.reason if outcome else "it has no outcome yet"
        sys.stdout.write(f"Run {run_id}: nothing was decided: {why}\n")


def deciding(decision: "Decision") -> list["PolicyResult"]:
    """The answers that made the verdict what it is; of a change that was allowed, the rule, where one spoke."""
    answers = [result for result in decision.results if result.verdict is decision.verdict]
    rule = [result for result in answers if result.policy_id.startswith("rule:")]
    return rule if decision.verdict.value == "allow" and rule else answers


def _explanation(run_id: str, decision: "Decision") -> list[str]:
    decided = deciding(decision)
    beside = [result for result in decision.results if result not in decided]
    said = [f"Run {run_id}: {decision.verdict}, by {decision.policy_version}"]
    if count := decision.votes_required:
        roles = f" of {' or '.join(decision.roles)}" if decision.roles else ""
        hours = f" within {decision.within_seconds / 3600:g} hours" if decision.within_seconds else ""
        said.append(f"It asks for {count} {'vote' if count == 1 else 'votes'}{roles}{hours}.")
    said += ["", "Decided by", *map(_line, decided)]
    return [*said, "", "Beside it", *map(_line, beside)] if beside else said


def _line(result: "PolicyResult") -> str:
    evidence = f" ({result.evidence})" if result.evidence else ""
    return f"  {result.policy_id}  {result.verdict}: {result.reason}{evidence}"
