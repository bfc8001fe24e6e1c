"""How stages become Prefect tasks whose finished work is not done twice.

A result is kept under GRACE's own run id, the stage and a digest of its inputs (not under Prefect's flow-run
id), so that it is found again by whatever carries the run on: the same flow run, a new one, an embedded run
or one on a server. Contracts are written as JSON, never pickled.
"""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.context import TaskRunContext
from prefect.serializers import JSONSerializer

import grace.contracts
from grace.contracts import Contract, Request
from grace.errors import IntegrityError
from grace.progress import Progress, report
from tasks.events import tell
from tasks.installation import carrier, ledger
from tasks.retries import RETRYING
from tasks.summary import summarise

P = ParamSpec("P")
R = TypeVar("R", bound=Contract)

_MARK = "grace.contract"


def encode_contract(value: object) -> dict[str, object]:
    """What JSON cannot say by itself, as JSON. Derived fields are left out: reading computes them again."""
    if not isinstance(value, Contract):
        raise TypeError(f"Stages hand on contracts and plain values, not {type(value).__name__}.")
    return {_MARK: type(value).__name__, "value": value.model_dump(mode="json", round_trip=True)}


def decode_contract(value: dict[str, Any]) -> Any:
    """The reverse of `encode_contract`; only names found in grace.contracts are looked up."""
    if _MARK not in value:
        return value
    contract = getattr(grace.contracts, value[_MARK], None)
    if not (isinstance(contract, type) and issubclass(contract, Contract)):
        raise IntegrityError(f"A stored result claims to be a {value[_MARK]!r}, which is no contract.")
    return contract.model_validate_json(json.dumps(value["value"]))  # bytes are base64 in JSON only


CONTRACTS = JSONSerializer(
    object_encoder=f"{__name__}.{encode_contract.__name__}",
    object_decoder=f"{__name__}.{decode_contract.__name__}",
)


def result_key(stage_name: str, arguments: dict[str, Any]) -> str:
    """`<run id>/<stage>-<digest>`: the request counts by its id alone, everything else by its content."""
    request: Request = arguments["request"]
    others = {name: value for name, value in sorted(arguments.items()) if name != "request"}
    inputs = json.dumps(others, default=encode_contract, sort_keys=True)
    return f"{request.id}/{stage_name}-{hashlib.sha256(inputs.encode()).hexdigest()[:16]}"


def stage(name: str, progress_percent: int, *, always: bool = False) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a stage a durable task. Its first parameter is `request: Request`.

    Each attempt is one step in the ledger, and what came of it is told to listeners; neither is possible any more
    when another process has taken the run on. A stage that runs `always` is not answered from its kept result: what
    it did can be undone by others, and doing it again must be harmless.
    """

    def decorate(body: Callable[P, R]) -> Task[P, R]:
        parameters = signature(body)

        @wraps(body)
        def recorded(*args: P.args, **kwargs: P.kwargs) -> R:
            request = args[0] if args else kwargs["request"]
            assert isinstance(request, Request)  # noqa: S101  # a programming error, not input
            report(Progress(name))
            records, token = ledger(), carrier(request.id)
            attempt = records.begin_step(request.id, name, progress_percent, token)
            try:
                result = body(*args, **kwargs)
            except BaseException as error:
                said = f"{type(error).__name__}: {error}".rstrip(": ")
                records.end_step(request.id, name, attempt, "failed", said)
                raise
            records.end_step(request.id, name, attempt, "finished", summarise(result), token)
            tell(request, result, key=key_of(args, kwargs))
            return result

        def key_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
            return result_key(name, parameters.bind(*args, **kwargs).arguments)

        def key(_context: TaskRunContext, arguments: dict[str, Any]) -> str:
            return result_key(name, arguments)

        return task(
            name=name,
            task_run_name=name,
            description=body.__doc__,
            persist_result=True,
            result_serializer=CONTRACTS,
            cache_key_fn=key,
            refresh_cache=always,
            **RETRYING,
        )(recorded)

    return decorate
