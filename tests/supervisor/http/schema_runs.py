"""The API's application for tools that call ASGI applications from threads and event loops of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

__all__ = ["InItsOwnLoop"]

Message = MutableMapping[str, Any]


class InItsOwnLoop:
    """Runs every call in the event loop that the supervisor runs in."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop

    async def __call__(self, scope: Message, receive: Callable[[], Any], send: Callable[[Message], Any]) -> None:
        if scope["type"] != "http":
            raise RuntimeError("only HTTP")
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = asyncio.run_coroutine_threadsafe(self._answer(dict(scope), body), self._loop)
        for message in await asyncio.wrap_future(answer):
            await send(message)

    async def _answer(self, scope: Message, body: bytes) -> list[Message]:
        told = [{"type": "http.request", "body": body, "more_body": False}]
        answers: list[Message] = []

        async def receive() -> Message:
            if told:
                return told.pop()
            await asyncio.Event().wait()
            raise AssertionError("never")

        async def send(message: Message) -> None:
            answers.append(message)

        await self._app(scope, receive, send)
        return answers
