"""What every ledger agrees on, wherever it keeps its records."""

from collections.abc import Sequence

from grace.contracts import Request
from grace.errors import InputError

_MOST_SHOWN = 8


def same_request(one: Request, other: Request) -> bool:
    """Whether two requests ask for the same; a vote that was added since does not count."""
    return one.model_copy(update={"approve": False}) == other.model_copy(update={"approve": False})


def the_only(prefix: str, found: Sequence[str]) -> str:
    """The single run id found for a prefix. Raises InputError when there is none or more than one."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(f"There is no run {prefix!r}. `grace runs` lists the runs there are.")
    shown = ", ".join(sorted(found)[:_MOST_SHOWN]) + (" and others" if len(found) > _MOST_SHOWN else "")
    raise InputError(f"{prefix!r} could be any of {shown}. Give more of the run id.")
