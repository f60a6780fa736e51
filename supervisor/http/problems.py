"""Typed errors as answers: a status for each kind, and nothing told of what went wrong inside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path

from common.errors import (
    BuildError,
    ConfigurationError,
    EvolutionError,
    GuidelineError,
    ImprovementError,
    IntentError,
    LearningError,
    LimitExceeded,
    NotFound,
    Overloaded,
    RequestRejected,
    StoreError,
    StreamConflict,
    SupervisorError,
    ValidationFailed,
)
from common.logs import get_logger
from common.redaction import Redactor
from supervisor.http.answers import PROBLEM, Problem

__all__ = ["Refused", "add_handlers", "problem_response"]

_log = get_logger(__name__)

_STATUSES: tuple[tuple[type[SupervisorError], int], ...] = (
    (RequestRejected, 422),
    (ConfigurationError, 422),
    (NotFound, 404),
    (StreamConflict, 409),
    (StoreError, 503),
    (IntentError, 409),
    (GuidelineError, 409),
    (ImprovementError, 409),
    (LearningError, 409),
    (EvolutionError, 409),
    (BuildError, 409),
    (ValidationFailed, 409),
    (Overloaded, 429),
    (LimitExceeded, 429),
)
_TITLES = {
    400: "Bad request", 401: "Unauthorized", 403: "Forbidden", 404: "Not found", 405: "Method not allowed",
    408: "Request timeout", 409: "Conflict", 413: "Content too large", 422: "Unprocessable content",
    429: "Too many requests", 500: "Internal error", 503: "Unavailable", 504: "Timeout",
}  # fmt: skip
_SEE_LOG = "The log of this process tells more."
_MAX_ERRORS = 20
_MAX_TEXT = 300


class Refused(SupervisorError):
    """Raised for a call that is answered with this status, before anything was done."""

    code = "refused"

    def __init__(
        self, status: int, what: str, *, where: str = "", todo: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(what, where=where, todo=todo)
        self.status = status
        self.headers = dict(headers or {})


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem as a response."""
    content = problem.model_dump(mode="json", exclude_defaults=True) | {"type": problem.type}
    return JSONResponse(content, problem.status, headers, media_type=PROBLEM)


def add_handlers(app: FastAPI, redactor: Redactor) -> None:
    """Have every error of the application answered as a problem."""

    methods = _Methods(app)

    async def typed(_: Request, error: Exception) -> Response:
        return _typed(cast("SupervisorError", error), redactor)

    async def invalid(_: Request, error: Exception) -> Response:
        return _invalid(cast("RequestValidationError", error))

    async def known(request: Request, error: Exception) -> Response:
        found = cast("HTTPException", error)
        headers = found.headers
        if found.status_code == 405:  # on a thread, for the first time makes the document
            headers = await to_thread.run_sync(methods.of, request, found.headers)
        title = _TITLES.get(found.status_code, "Error")
        problem = Problem(title=title, status=found.status_code, detail=str(found.detail), code=_code(title))
        return problem_response(problem, headers)

    async def unexpected(_: Request, error: Exception) -> Response:
        _log.error("a call of the HTTP API failed", exc_info=error)
        return problem_response(Problem(title=_TITLES[500], status=500, detail=_SEE_LOG, code="internal"))

    app.add_exception_handler(SupervisorError, typed)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, known)
    app.add_exception_handler(Exception, unexpected)


class _Methods:
    """Which methods a path has, by the OpenAPI document: those of all its operations, not of one handler alone."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._known: list[tuple[re.Pattern[str], int, str]] = []

    def of(self, request: Request, otherwise: Mapping[str, str] | None) -> Mapping[str, str] | None:
        """The header Allow for a path: of the one form that fits it most closely, or else what is given."""
        if not self._known:
            self._known = [
                (compile_path(form)[0], form.count("{"), ", ".join(sorted(map(str.upper, operations))))
                for form, operations in self._app.openapi()["paths"].items()
            ]
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        fitting = [(open_ends, methods) for pattern, open_ends, methods in self._known if pattern.fullmatch(path)]
        return {"Allow": min(fitting)[1]} if fitting else otherwise


def _typed(error: SupervisorError, redactor: Redactor) -> Response:
    headers: dict[str, str] = {}
    if isinstance(error, Refused):
        status, headers = error.status, error.headers
    else:
        status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    if status in (429, 503):
        headers.setdefault("Retry-After", "1")
    title = _TITLES[status]
    if status >= 500 and not isinstance(error, Refused):  # it may name files, hosts and accounts of this machine
        _log.error("a call of the HTTP API failed: %s", redactor.text(str(error)))
        return problem_response(Problem(title=title, status=status, detail=_SEE_LOG, code=error.code), headers)
    where = "" if Path(error.where).is_absolute() else redactor.text(error.where)
    problem = Problem(
        title=title, status=status, detail=redactor.text(error.what), code=error.code, where=where, todo=error.todo
    )
    return problem_response(problem, headers)


def _invalid(error: RequestValidationError) -> Response:
    found: list[dict[str, Any]] = [
        {"at": ".".join(str(part) for part in each["loc"])[:_MAX_TEXT], "problem": str(each["msg"])[:_MAX_TEXT]}
        for each in error.errors()[:_MAX_ERRORS]
    ]
    first = found[0] if found else {"at": "body", "problem": "it is not valid"}
    return problem_response(
        Problem(
            title=_TITLES[422],
            status=422,
            detail=f"{first['at']}: {first['problem']}",
            code="invalid",
            errors=found,
        )
    )


def _code(title: str) -> str:
    return title.lower().replace(" ", "_")
