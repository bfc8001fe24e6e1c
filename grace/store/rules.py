"""What every ledger agrees on, wherever it keeps its records."""

from collections.abc import Sequence

from grace.contracts import Request
from grace.errors import InputError, Superseded

_MOST_SHOWN = 8


def same_request(one: Request, other: Request) -> bool:
    """Whether two requests ask for the same; a vote that was added since does not count."""
    return one.model_copy(update={"approve": False}) == other.model_copy(update={"approve": False})


def superseded(run_id: str) -> Superseded:
    """What an older carrier of a run is told."""
    return Superseded(
        f"Run {run_id} was taken on by another process, which ends it: this one stops. See `grace show {run_id}`."
    )


def died(run_id: str) -> str:
    """What is recorded of a run whose process did not live to say so."""
    return f"Its process died. `grace rerun {run_id}` goes on from its last finished stage."


def the_only(prefix: str, found: Sequence[str]) -> str:
    """The single run id found for a prefix. Raises InputError when there is none or more than one."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(f"There is no run {prefix!r}. `grace runs` lists the runs there are.")
    shown = ", ".join(sorted(found)[:_MOST_SHOWN]) + (" and others" if len(found) > _MOST_SHOWN else "")
    raise InputError(f"{prefix!r} could be any of {shown}. Give more of the run id.")
