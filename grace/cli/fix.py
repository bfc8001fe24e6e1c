"""`grace fix` and `grace rerun`: from arguments to a request, from an outcome to words and an exit code."""

import getpass
import os
import time
from collections.abc import Mapping

from pydantic import ValidationError

from grace.cli import answer
from grace.cli.launch import launch
from grace.cli.report import Reporter
from grace.contracts import FixBug, Outcome, Request
from grace.errors import InputError
from grace.request import resolve, said
from grace.settings import Settings


def fix(as_json: bool, **typed: object) -> int:
    """Repair a bug. Gives the exit code; raises InputError when what was typed cannot be carried out."""
    return _carry_out(to_request(typed, Settings()), as_json=as_json)


def to_request(typed: Mapping[str, object], settings: Settings) -> Request:
    """The request that the fields of a wish come to. Raises InputError when it cannot be carried out."""
    try:
        wish = FixBug.model_validate(typed)
    except ValidationError as error:
        raise InputError(f"The request is not valid: {said(error)}") from error
    return resolve(wish, requested_by=login_name(settings))


def rerun(prefix: str, *, approve: bool, as_json: bool) -> int:
    """Go on with a recorded run. Gives the exit code."""
    from grace.store.ledger import SqlLedger

    ledger = SqlLedger.open(Settings().database)
    request = ledger.request(ledger.find(prefix))
    return _carry_out(request.model_copy(update={"approve": request.approve or approve}), as_json=as_json)


def _carry_out(request: Request, *, as_json: bool) -> int:
    began = time.monotonic()
    reporter = Reporter(quiet=as_json)
    with reporter.watching(request) as listener:
        outcome = launch(request, Settings(), listener)
    return tell(request, outcome, reporter, round(time.monotonic() - began, 2), as_json=as_json)


def tell(request: Request, outcome: Outcome, reporter: Reporter, seconds: float, *, as_json: bool) -> int:
    """Say how a run ended, to people or to programs. Gives the exit code."""
    if as_json:
        answer.write(answer.of_run(request, outcome, seconds))
    else:
        reporter.outcome(request, outcome, seconds)
    return answer.exit_code(outcome)


def login_name(settings: Settings) -> str:
    """Who runs this command."""
    try:
        return settings.user or getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return f"uid {os.getuid()}"
