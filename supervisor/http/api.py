"""What every route works with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import Depends, Request
from pydantic import JsonValue

if TYPE_CHECKING:
    from common.http_settings import HttpSettings
    from common.redaction import Redactor
    from supervisor.facade import Supervisor
    from supervisor.http.feed import Feed
    from supervisor.http.streams import Streams

__all__ = ["Api", "Texts", "TheApi"]


_REMEMBERED = 4_000
_LONG = 4_000


class Texts:
    """Takes secrets out of texts, and remembers what came out: lists show the same ones again and again."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._remembered = lru_cache(_REMEMBERED)(self._clean)

    def clean(self, text: str, told: str) -> str:
        """The text as it may be shown; `told` is a request whose secrets are not shown either."""
        if len(text) + len(told) > _LONG:
            return self._clean(text, told)
        return self._remembered(text, told)

    def _clean(self, text: str, told: str) -> str:
        return (self._redactor.knowing(told) if told else self._redactor).text(text)


@dataclass(frozen=True, slots=True)
class Api:
    """The supervisor that is served, and what is shown of it."""

    supervisor: Supervisor
    settings: HttpSettings
    streams: Streams
    redactor: Redactor
    feed: Feed
    texts: Texts

    def clean(self, value: Any, told: str = "") -> Any:
        """A JSON value as it may be shown; `told` is a request whose secrets are not shown either."""
        redactor = self.redactor.knowing(told) if told else self.redactor
        return redactor.value(cast("JsonValue", value))


async def _api(request: Request) -> Api:  # a plain function would be called on a thread, for every call
    api: Api = request.app.state.api
    return api


TheApi = Annotated[Api, Depends(_api)]
