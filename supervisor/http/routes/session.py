"""/session: a browser signs in with a token, and keeps a cookie that scripts can't read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from supervisor.http.access import COOKIE, Access, Caller, check_same_site, may
from supervisor.http.answers import Answer, Body, problems
from supervisor.http.problems import Refused
from supervisor.tokens import Grant, Scope

__all__ = ["router"]

router = APIRouter(prefix="/session", tags=["session"])


class SignIn(Body):
    """A token, once."""

    token: str = Field(min_length=1, max_length=200)


class Session(BaseModel):
    """Who is signed in; `csrf` goes into the header X-CSRF-Token of every change."""

    name: str
    scopes: list[Scope]
    tenant: str | None
    user: str | None
    csrf: str


def _access(request: Request) -> Access:
    access: Access = request.app.state.access
    return access


TheAccess = Annotated[Access, Depends(_access)]


@router.post("", response_model=Answer[Session], responses=problems())
async def sign_in(body: SignIn, request: Request, access: TheAccess) -> Response:
    """Begin a session: the answer sets the cookie."""
    check_same_site(request)
    caller = await access.admit(request, body.token, Scope.READ)
    cookie = access.sessions.open(caller.grant)
    response = JSONResponse(Answer(data=_session(access, caller.grant, cookie)).model_dump(mode="json"))
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=access.sessions.seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path=request.scope.get("root_path") or "/",
    )
    return response


@router.get("", responses=problems())
async def session(
    request: Request, access: TheAccess, caller: Annotated[Caller, Depends(may(Scope.READ))]
) -> Answer[Session]:
    """Who is signed in."""
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        raise Refused(401, "no browser is signed in", where=COOKIE)
    return Answer(data=_session(access, caller.grant, cookie))


@router.delete("", status_code=204, response_class=Response, responses=problems())
async def sign_out(request: Request) -> Response:
    """End the session of this browser: its cookie is taken away. Revoking the token ends it everywhere."""
    check_same_site(request)
    response = Response(status_code=204)
    response.delete_cookie(
        COOKIE, path=request.scope.get("root_path") or "/", httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return response


def _session(access: Access, grant: Grant, cookie: str) -> Session:
    return Session(
        name=grant.name,
        scopes=sorted(grant.scopes),
        tenant=grant.tenant,
        user=grant.user,
        csrf=access.sessions.csrf(grant, cookie),
    )
