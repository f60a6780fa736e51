"""The program that runs in the sandbox beside the package of a built agent; see roles/deployed/protocol.py.

It knows the standard library and that package only. Its one argument is the package's name.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from typing import Any


class _Parent:
    """The other side: reads questions, writes answers, and stands in for the agent's database."""

    def __init__(self) -> None:
        self._questions = sys.stdin.buffer
        # what the agent's code prints must not be taken for an answer
        self._answers = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self.error: Any = RuntimeError

    def next(self) -> dict[str, Any] | None:
        """The next message, None at the end."""
        line = self._questions.readline()
        return json.loads(line) if line else None

    def say(self, message: dict[str, Any]) -> None:
        """Answer, with what JSON can hold."""
        self._answers.write(json.dumps(message, allow_nan=False, separators=(",", ":")).encode() + b"\n")
        self._answers.flush()

    def fetch(self, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of a query, as the data source of a package gives them."""
        self.say({"query": query, "parameters": parameters})
        reply = self.next()
        if reply is None:
            raise SystemExit
        if "error" in reply:
            error = reply["error"]
            raise self.error(error["code"], error["message"], error.get("todo", ""))
        return reply["rows"]


def _failure(error: BaseException) -> dict[str, Any]:
    code = getattr(error, "code", None)
    if isinstance(code, str):
        message = str(getattr(error, "message", "") or error)
        return {"code": code[:64], "message": message[:4_000], "todo": str(getattr(error, "todo", ""))[:4_000]}
    return {"code": "internal", "message": f"{type(error).__name__}: {error}"[:4_000], "todo": ""}


def main() -> None:
    """Load the agent, then answer until the other side is gone."""
    parent = _Parent()
    package = importlib.import_module(sys.argv[1])
    parent.error = importlib.import_module(f"{sys.argv[1]}.errors").AgentError
    agent = package.create(parent)
    while (message := parent.next()) is not None:
        if "ping" in message:
            parent.say({"pong": {"class": type(agent).__name__, "python": platform.python_version()}})
            continue
        try:
            result = agent.call(message["call"], message["arguments"])
            answer = {"result": result}
            json.dumps(answer, allow_nan=False)
        except Exception as error:  # whatever the agent's code raises is its answer
            answer = {"error": _failure(error)}
        parent.say(answer)


if __name__ == "__main__":
    main()
