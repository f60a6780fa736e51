"""How well tools are selected, measured on labelled requests: what `eval tools` and the benchmark print."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from common.errors import ConfigurationError
from common.language.encoders import Encoder
from llm_provider.tool_selection import ToolIndex, ToolProfile
from llm_provider.word_vectors import WordVectors

__all__ = ["RegistryRow", "ToolLatency", "ToolRow", "ToolsReport", "area_under_curve", "evaluate_tools"]

_REGISTRY = "registry:"
_DEPTHS = (1, 3, 5)


class RegistryRow(BaseModel):
    """A tool of a registry file. Names may repeat, so everything goes by the id."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    name: str
    source: str = ""
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])

    @property
    def profile(self) -> ToolProfile:
        """The tool as the selection sees it, under its id."""
        return ToolProfile(self.id, self.name, self.description, self.parameters)


class ToolRow(BaseModel):
    """A request with the tools to choose among (ids, or ``registry:<source>``) and the names of the right ones.

    Without right ones no tool fits.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    request: str
    tools: tuple[str, ...] | str
    expected: tuple[str, ...] = ()
    expect_none: bool = False
    ambiguous: bool = False

    @property
    def wanted(self) -> frozenset[str]:
        """The names of the right tools, none where no tool fits."""
        return frozenset() if self.expect_none else frozenset(self.expected)


class ToolLatency(BaseModel):
    """Milliseconds of processor time a selection, over all threads of the process."""

    model_config = ConfigDict(frozen=True)

    p50: float
    p95: float


class ToolsReport(BaseModel):
    """The figures over rows that are not ambiguous; `ambiguous` has the same over the others.

    `precision_at_1` is the share of requests with a right tool where the first one is right, `recall_at` the mean share
    of their right tools among the first k, `exact_set` the share of all requests where the chosen set is the right one
    (none where none fits). `no_tool_auc` is the probability that a request with a right tool gets a higher score than
    one without; None where one of the kinds is missing.
    """

    model_config = ConfigDict(frozen=True)

    rows: int
    with_tools: int
    precision_at_1: float | None
    recall_at: dict[str, float | None]
    all_of_several: float | None = Field(
        description="share of requests with several right tools of which the ranking has exactly those first"
    )
    exact_set: float
    no_tool_auc: float | None
    none_recall: float | None = Field(description="share of requests without a right tool for which none is chosen")
    latency_ms: ToolLatency
    ambiguous: ToolsReport | None = None


@dataclass(slots=True)
class _Judged:
    first: list[bool] = field(default_factory=list[bool])
    recalls: dict[int, list[float]] = field(default_factory=lambda: {depth: list[float]() for depth in _DEPTHS})
    complete: list[bool] = field(default_factory=list[bool])
    exact: list[bool] = field(default_factory=list[bool])
    fitting: list[float] = field(default_factory=list[float])
    unfitting: list[float] = field(default_factory=list[float])
    refused: list[bool] = field(default_factory=list[bool])
    seconds: list[float] = field(default_factory=list[float])

    def add(self, wanted: frozenset[str], ranked: Sequence[tuple[str, float]], chosen: frozenset[str]) -> None:
        """Take one request in: the names ranked with their scores, and the names chosen."""
        top = ranked[0][1] if ranked else 0.0
        self.exact.append(chosen == wanted)
        if not wanted:
            self.unfitting.append(top)
            self.refused.append(not chosen)
            return
        self.fitting.append(top)
        self.first.append(bool(ranked) and ranked[0][0] in wanted)
        names = list(dict.fromkeys(name for name, _ in ranked))
        if len(wanted) > 1:
            self.complete.append(wanted <= set(names[: len(wanted)]))
        for depth, shares in self.recalls.items():
            shares.append(len(wanted & set(names[:depth])) / len(wanted))

    def report(self) -> ToolsReport:
        """The figures."""
        ordered = sorted(self.seconds)
        return ToolsReport(
            rows=len(self.exact),
            with_tools=len(self.first),
            precision_at_1=_mean(self.first),
            recall_at={str(depth): _mean(shares) for depth, shares in self.recalls.items()},
            all_of_several=_mean(self.complete),
            exact_set=sum(self.exact) / len(self.exact),
            no_tool_auc=area_under_curve(self.fitting, self.unfitting),
            none_recall=_mean(self.refused),
            latency_ms=ToolLatency(
                p50=1000 * ordered[len(ordered) // 2],
                p95=1000 * ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)],
            ),
        )


def evaluate_tools(
    rows: Iterable[ToolRow], registry: Iterable[RegistryRow], encoder: Encoder | None = None
) -> ToolsReport:
    """Judge the selection over `registry`, each request among the tools that its row names. Without an encoder the
    shipped word vectors are used, as a supervisor does.

    The time that is measured is the processor's for one ranking. Raises `ConfigurationError` for a tool that the
    registry does not have, and where there are no unambiguous rows.
    """
    tools = {row.id: row for row in registry}
    index = ToolIndex((row.profile for row in tools.values()), encoder=encoder or WordVectors())
    index.encode()
    sources: dict[str, frozenset[str]] = {}
    groups = {False: _Judged(), True: _Judged()}
    for number, row in enumerate(rows, 1):
        among = _candidates(row, number, tools, sources)
        judged = groups[row.ambiguous]
        started = time.process_time()
        ranked = index.rank(row.request, None if len(among) <= max(_DEPTHS) else 4 * max(_DEPTHS), among)
        judged.seconds.append(time.process_time() - started)
        chosen = frozenset(tools[key].name for key, _ in index.choose(row.request, among))
        judged.add(row.wanted, [(tools[key].name, score) for key, score in ranked], chosen)
    if not groups[False].exact:
        raise ConfigurationError("there are no unambiguous rows to judge", where="eval tools", todo="Give other rows.")
    apart = groups[True].report() if groups[True].exact else None
    return groups[False].report().model_copy(update={"ambiguous": apart})


def _candidates(
    row: ToolRow, number: int, tools: Mapping[str, RegistryRow], sources: dict[str, frozenset[str]]
) -> frozenset[str]:
    if isinstance(row.tools, str):
        source = row.tools.removeprefix(_REGISTRY)
        if source not in sources:
            sources[source] = frozenset(key for key, tool in tools.items() if tool.source == source)
        found = sources[source]
        missing = "" if found else row.tools
    else:
        found = frozenset(row.tools)
        missing = next((key for key in row.tools if key not in tools), "")
    if missing:
        raise ConfigurationError(
            f"request {number} names {missing!r}, which the registry does not have",
            where="eval tools",
            todo="Give the registry that the requests were written for.",
        )
    return found


def area_under_curve(higher: Sequence[float], lower: Sequence[float]) -> float | None:
    """The probability that one of `higher` is above one of `lower`, ties counted half; None without both (the area
    under the ROC curve, by the Mann-Whitney statistic)."""
    if not higher or not lower:
        return None
    ordered = sorted(lower)
    wins = sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in higher)
    return wins / (2 * len(higher) * len(lower))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
