"""The forms of answers: an envelope around data, pages of lists, problems (RFC 9457)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from common.json_values import not_finite

__all__ = ["PROBLEM", "Answer", "Body", "Cursor", "Limit", "Page", "Paged", "Problem", "paged", "problems"]

PROBLEM = "application/problem+json"

Data = TypeVar("Data")


class Body(BaseModel):
    """Base of what a caller sends: no unknown keys, no value of another type turned into one that fits."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _told_in_json(cls, given: Any) -> Any:
        """Refuse NaN and infinite numbers, which Python's reader takes and JSON does not have, wherever they stand."""
        place = not_finite(given)
        if place is not None:
            raise ValueError(f"{place or 'the body'} is no finite number")
        return given


class Answer(BaseModel, Generic[Data]):
    """What was asked for."""

    status: Literal["success"] = "success"
    data: Data


class Page(BaseModel):
    """Where in a list this is: `next` is the `cursor` of what follows, null at the end; `total`, where it is known."""

    limit: int
    next: str | None = None
    total: int | None = None


class Paged(BaseModel, Generic[Data]):
    """A part of a list."""

    status: Literal["success"] = "success"
    data: list[Data]
    page: Page


class Problem(BaseModel):
    """What went wrong, where, and what to do about it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str = Field(description="the kind of problem, for programs")
    where: str = ""
    todo: str = ""
    errors: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]], description="what of the call is wrong")


Limit = Annotated[int, Query(ge=1, le=500, description="at most this many")]
Cursor = Annotated[str | None, Query(max_length=300, pattern=r"^[0-9]{1,18}$", description="`next` of the page before")]


def paged(rows: Sequence[Data], limit: int, cursor: str | None) -> Paged[Data]:
    """The page of a list that is there as a whole; the cursor is a number of rows."""
    start = int(cursor or 0)
    stop = start + limit
    further = str(stop) if stop < len(rows) else None
    return Paged(data=list(rows[start:stop]), page=Page(limit=limit, next=further, total=len(rows)))


_TITLES = {
    400: "The call can't be read",
    401: "A token is needed",
    403: "The token is not for this",
    404: "There is no such thing",
    408: "The body took too long",
    409: "Not in this state",
    413: "The body is too large",
    422: "The call is not valid",
    429: "Too much at once",
    431: "The headers are too large",
    500: "Something is wrong here",
    503: "Not now",
    504: "It took too long",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an operation may answer besides its own answer, for the OpenAPI document."""
    always = (400, 401, 403, 408, 413, 422, 429, 431, 500, 503, 504)
    return {
        status: {"description": _TITLES[status], "content": {PROBLEM: {"schema": Problem.model_json_schema()}}}
        for status in sorted({*always, *statuses})
    }
