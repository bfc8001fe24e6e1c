"""What went wrong, as RFC 9457 has it: `application/problem+json` for every answer that is an error."""

import logging
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from grace.errors import BudgetExceeded, EnvironmentLacking, GraceError, InputError, IntegrityError, TransientError

MEDIA_TYPE = "application/problem+json"
_STATUS: dict[type[GraceError], int] = {
    InputError: 400,
    IntegrityError: 409,
    BudgetExceeded: 409,
    TransientError: 503,
    EnvironmentLacking: 503,
}
_log = logging.getLogger(__name__)


class Refusal(Exception):
    """A request that is answered with a problem; `kind` names it for programs, `detail` says what to do next."""

    def __init__(self, status: int, kind: str, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.kind, self.title, self.detail = status, kind, title, detail


def install(app: FastAPI) -> None:
    """Make every error that leaves a route a problem."""
    app.exception_handler(Refusal)(_refusal)
    app.exception_handler(GraceError)(_grace_error)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(Exception)(_unexpected)


def _problem(request: Request, status: int, title: str, detail: str, *, kind: str = "", **more: object) -> JSONResponse:
    content = {
        "type": f"urn:grace:problem:{kind}" if kind else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        **more,
    }
    return JSONResponse(content, status, media_type=MEDIA_TYPE)


async def _refusal(request: Request, error: Refusal) -> JSONResponse:
    return _problem(request, error.status, error.title, error.detail, kind=error.kind)


async def _grace_error(request: Request, error: GraceError) -> JSONResponse:
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
    kind = type(error).__name__
    if status < 500:
        return _problem(request, status, "The request cannot be carried out", str(error), kind=kind)
    _log.error("%s %s: %s: %s", request.method, request.url.path, kind, error)  # it may name folders and hosts
    title = "Not possible now" if status == 503 else "Failed"
    problem = _problem(request, status, title, "The log of the server says why. Try again later.", kind=kind)
    if status == 503:
        problem.headers["Retry-After"] = "10"
    return problem


async def _http_error(request: Request, error: HTTPException) -> JSONResponse:
    problem = _problem(request, error.status_code, str(error.detail), _advice(request, error.status_code))
    problem.headers.update(error.headers or {})
    return problem


def _advice(request: Request, status: int) -> str:
    match status:
        case 404:
            return f"There is nothing at {request.url.path}."
        case 405:
            return f"{request.method} is not possible here; the Allow header says what is."
        case _:
            return "The request was not accepted."


async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    wrong = [{"where": list(map(str, each["loc"])), "what": each["msg"]} for each in error.errors()]
    return _problem(request, 422, "Values are not valid", "Correct what `errors` names.", kind="invalid", errors=wrong)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    reference = str(uuid4())
    _log.error("Reference %s: %s %s", reference, request.method, request.url.path, exc_info=error)
    detail = f"This is a fault in GRACE itself. The server's log has more under {reference}."
    return _problem(request, 500, "Internal error", detail, kind="internal", reference=reference)
