"""Inverted lists over many tools: which tools say a word or share a meaning, and how much it weighs there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from llm_provider.tool_weighing import Weighed, Weights

__all__ = ["ToolLists"]


class ToolLists:
    """Adds up a request's words over thousands of tools in a fraction of a millisecond (imports numpy)."""

    def __init__(self, tools: Sequence[Weighed], meant: float) -> None:
        self._numpy: Any = import_module("numpy")
        self._size = len(tools)
        self._words = self._lists([tool.words for tool in tools], 1.0)
        self._meanings = self._lists([tool.meanings for tool in tools], meant)

    def sums(self, said: Weights) -> Any:
        """An array with the sum of every tool, in their order."""
        sums = self._numpy.zeros(self._size)
        for weights, lists in ((said.words, self._words), (said.meanings, self._meanings)):
            for name, weight in weights.items():
                entry = lists.get(name)
                if entry is not None:
                    sums[entry[0]] += weight * entry[1]
        return sums

    def best(self, sums: Any, k: int | None, among: Sequence[int] | None) -> list[tuple[int, float]]:
        """The places of the highest sums with them, the earlier of equal ones first."""
        numpy = self._numpy
        places = numpy.arange(self._size) if among is None else numpy.asarray(among, dtype=numpy.intp)
        values = sums if among is None else sums[places]
        if k == 1 and len(values):
            at = int(values.argmax())
            return [(int(places[at]), float(values[at]))]
        order = (-values).argsort(kind="stable")[:k]
        return list(zip(places[order].tolist(), values[order].tolist(), strict=True))

    def _lists(self, tools: Sequence[Mapping[str, float]], share: float) -> dict[str, tuple[Any, Any]]:
        gathered: dict[str, tuple[list[int], list[float]]] = {}
        for place, weights in enumerate(tools):
            for name, value in weights.items():
                places, values = gathered.setdefault(name, ([], []))
                places.append(place)
                values.append(share * value)
        array, place_type = self._numpy.array, self._numpy.intp
        return {name: (array(places, dtype=place_type), array(values)) for name, (places, values) in gathered.items()}
