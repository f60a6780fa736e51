"""Stands for an agent's database while it is replayed: gives the rows that were fetched for its request, no others.

Used inside the sandbox; it needs the standard library only.
"""

from __future__ import annotations

import importlib
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["RowSource"]


class RowSource:
    """What an agent is made with in place of its database; `turn_to` says which request is answered.

    `pool` has, by number, the queries of a request with their rows, as JSON: ``[[query, parameters, rows], …]``. Rows
    are read anew for each fetch, as a worker's are, so that nobody can change another one's. Of a variant of a request
    (`lenient`), nobody knows what the database would answer: there it is the rows of any fetch of the same query.
    """

    def __init__(self, pool: list[str], package: str) -> None:
        self._pool = pool
        self._package = package
        self._read: dict[int, tuple[dict[str, str], dict[str, str]]] = {}
        self._number = -1
        self._lenient = False
        self.fetches = 0

    def turn_to(self, number: int, *, lenient: bool) -> None:
        """Answer the request of this number from now on."""
        self._number, self._lenient = number, lenient
        if number not in self._read:
            exact: dict[str, str] = {}
            any_of: dict[str, str] = {}
            for query, parameters, rows in json.loads(self._pool[number]):
                text = json.dumps(rows)
                exact[_key(query, parameters)] = text
                any_of.setdefault(query, text)
            self._read[number] = exact, any_of

    def fetch(self, query: str, parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query. Raises the package's `AgentError` for one that was not recorded."""
        self.fetches += 1
        exact, any_of = self._read[self._number]
        text = exact.get(_key(query, dict(parameters)))
        if text is None and self._lenient:
            text = any_of.get(query)
        if text is None:
            raise self._error(f"no rows were recorded of {query}")
        return json.loads(text)

    def _error(self, what: str) -> Exception:
        try:
            made = importlib.import_module(f"{self._package}.errors").AgentError
        except (ImportError, AttributeError):
            return RuntimeError(what)
        return made("source_unavailable", what, "")


def _key(query: str, parameters: Any) -> str:
    return json.dumps([query, parameters], sort_keys=True, default=str)
