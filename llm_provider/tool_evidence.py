"""Which tools served requests that said such words: learned from what was done before, one request at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from llm_provider.tool_words import is_weak, words_of

__all__ = ["ToolEvidence"]

_DOUBT = 2.0
"""How many requests more it would take to be half sure: one request proves little."""
_MOST_WORDS = 20_000
_MOST_TOOLS = 200
_WORDS_OF_A_REQUEST = 60


class ToolEvidence:
    """Word -> tool -> how many requests with that word the tool served. Bounded: words that were not said for longest
    make room. Not to be shared by threads.
    """

    def __init__(self) -> None:
        self._served: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._requests = 0

    def __len__(self) -> int:
        """How many requests were learned from."""
        return self._requests

    def learn(self, request: str, tools: Iterable[str]) -> None:
        """Take in a request that these tools served."""
        named = tuple(dict.fromkeys(tools))[:_MOST_TOOLS]
        if not named:
            return
        self._requests += 1
        for word in _telling(request):
            served = self._served.setdefault(word, {})
            self._served.move_to_end(word)
            for tool in named:
                if tool in served or len(served) < _MOST_TOOLS:
                    served[tool] = served.get(tool, 0) + 1
        while len(self._served) > _MOST_WORDS:
            self._served.popitem(last=False)

    def shares(self, words: Mapping[str, float]) -> dict[str, float]:
        """Tool -> how much of what is said speaks for it (0 to 1), for the weights of a request's words (as roots).

        A word speaks for a tool by the share of its requests that the tool served, less where there were few.
        """
        total = sum(words.values())
        found: dict[str, float] = {}
        if not total:
            return found
        for word, weight in words.items():
            served = self._served.get(word)
            if served is None or is_weak(word):
                continue
            count = sum(served.values())
            for tool, times in served.items():
                found[tool] = found.get(tool, 0.0) + weight / total * times / (count + _DOUBT)
        return found

    def shares_of(self, request: str) -> dict[str, float]:
        """The same for a request whose words all weigh alike."""
        return self.shares(dict.fromkeys(_telling(request), 1.0)) if self._served else {}


def _telling(request: str) -> list[str]:
    return [word for word in dict.fromkeys(words_of(request)) if not is_weak(word)][:_WORDS_OF_A_REQUEST]
