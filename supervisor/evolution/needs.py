"""What is asked for and nobody does: requests that no role covered, put together where they mean the same.

A request counts where it came to nothing without any tool being called, or was answered with "can't", and where no role
would be given it by now. One that had to be planned, and was answered somehow, counts where the builder understands it
and no built agent answered it: a search that finds nothing is no answer to what a formula would tell. A role that would
be given it by now covers it nevertheless, unless it was asked and gave nothing that speaks of what was wanted. Requests
that the builder understands alike are one need; of the others, those that resemble each other
(`common.language.relevance.similarity`, numbers left out).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import anyio.to_thread

from common.evolution_settings import EvolutionSettings
from common.language.relevance import similarity
from common.language.words import stem
from events.catalogue.trace import ToolCalled
from events.projection import Views
from events.store import EventStore, stream_name
from events.views.trace_index import TraceIndex
from supervisor.evolution.understood import Understand, Understood

__all__ = ["Need", "Uncovered", "find_needs", "not_answered", "uncovered_requests"]

_PLANNED = "planning"
_NOBODYS = frozenset({_PLANNED, "none", "conversation", ""})
_CANT = re.compile(r"\s*(?:sorry[,. ]+)?(?:but )?i (?:can['’]t|cannot|can not|am unable to|could not tell)\b", re.I)
_NUMBER = re.compile(r"[\d.,]*\d")
_WORD = re.compile(r"[^\W\d_]{4,}")
_COVERED = 0.5
"""From this probability on the router gives a request to a role, which then covers it."""
_MOST = 500
_MOST_ALIKE = 120
"""Requests that are compared with each other; the latest ones."""
_MAX_TEXT = 500
_CAUSES = 20
_TELLING = 3
_EXAMPLES = 3

Probabilities = Callable[[str], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A request that no role covered. `doubtful`: something was done about it, or a role may be given it.

    `likely` are the roles, other than built agents, that the router would give it to by now.
    """

    trace: str
    text: str
    who: str
    day: str
    doubtful: bool = False
    likely: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Need:
    """What several requests ask for. `fingerprint` names it for ever; `understood` is None where no template fits.

    `traces` are the latest ones; `users` and `days` how many different ones there are.
    """

    fingerprint: str
    understood: Understood | None
    support: int
    users: int
    days: int
    traces: tuple[str, ...]

    def is_enough(self, settings: EvolutionSettings) -> bool:
        """Whether it came up often enough, by several people or on several days."""
        spread = self.users >= settings.need_users or self.days >= settings.need_days
        return self.support >= settings.need_support and spread

    @property
    def told(self) -> str:
        """In words, without what was said."""
        what = self.understood.title if self.understood else "what no template fits"
        return f"{what}: {self.support} requests of {_several(self.users, 'user')} on {_several(self.days, 'day')}"


@dataclass(slots=True)
class _Cluster:
    first: str
    stems: frozenset[str]
    understood: Understood | None = None
    members: list[Uncovered] = field(default_factory=list[Uncovered])


async def uncovered_requests(
    views: Views, since: datetime, probabilities: Probabilities, built: Collection[str] = ()
) -> list[Uncovered]:
    """The latest requests that no role covered, and that none would by now, the newest first. Raises `StoreError`.

    `built` are the names of agents in service; those that are doubtful are for `not_answered`.
    """
    rows = await views.query(
        TraceIndex.name, {"started_at >=": since, "outcome in": ["failure", "success", "partial"]},
        order_by="-position", limit=_MOST * 20,
    )  # fmt: skip
    found: list[Uncovered] = []
    for row in rows:
        text = row["request"] or ""
        failed = row["outcome"] == "failure"
        refused = failed and row["route"] in built
        if not (row["route"] in _NOBODYS or refused) or not 0 < len(text) <= _MAX_TEXT:
            continue
        nothing = not refused and row["tool_calls"] == 0 and (failed or _CANT.match(row["answer"] or ""))
        covering = {role for role, value in probabilities(text).items() if value >= _COVERED and role not in _NOBODYS}
        doubtful = not nothing or bool(covering)
        if doubtful and not (refused or row["route"] == _PLANNED):
            continue
        likely = covering.difference(built)
        if likely and nothing:  # no tool of theirs was called, so they were not asked
            continue
        day = row["started_at"].date().isoformat()
        who = f"{row['tenant']}/{row['user']}"
        found.append(Uncovered(row["trace_id"], text, who, day, doubtful, frozenset(likely)))
        if len(found) == _MOST:
            break
    return found


async def not_answered(
    store: EventStore, requests: Sequence[Uncovered], understand: Understand, built: Mapping[str, Sequence[str]]
) -> list[Uncovered]:
    """Without the doubtful ones that the builder does not understand, that a built agent answered, or is there for, or
    that a role covers which would be given them by now.

    `built` are what people ask the agents in service, by name: what one answered that is asked something else does not
    count. Raises `StoreError`.
    """

    def understood() -> list[tuple[Uncovered, Understood | None, frozenset[str]]]:
        asked = {name: [understand(text) for text in said[:_EXAMPLES]] for name, said in built.items()}
        found: list[tuple[Uncovered, Understood | None, frozenset[str]]] = []
        for one in requests:
            meant = understand(one.text) if one.doubtful else None
            if meant is not None and meant.name not in built:
                may = {name for name, own in asked.items() if not own or None in own or meant in own}
                found.append((one, meant, frozenset(may)))
            elif not one.doubtful:
                found.append((one, None, frozenset()))
        return found

    return [
        one for one, meant, may in await anyio.to_thread.run_sync(understood)
        if meant is None or not await _was_answered(store, one, meant, may)
    ]  # fmt: skip


async def _was_answered(store: EventStore, request: Uncovered, meant: Understood, agents: Collection[str]) -> bool:
    """Whether one of these agents answered, or a role that is likely for it by now: not asked, it might."""
    events = [entry.event for entry in await store.read(stream_name("trace", request.trace))]
    calls = [event for event in events if isinstance(event, ToolCalled)]
    if any(call.ok and call.tool.partition(".")[0] in agents for call in calls):
        return True
    for role in request.likely:
        own = [call for call in calls if call.tool.partition(".")[0] == role]
        if not own or any(_speaks_of(call, meant) for call in own):
            return True
    return False


def _speaks_of(call: ToolCalled, meant: Understood) -> bool:
    """Whether a call gave something; what was found in sources has to hold all words of what was wanted."""
    if not call.ok or call.data == []:
        return False
    return not call.sources or _stems(meant.title) <= _stems(call.text)


def find_needs(requests: Sequence[Uncovered], understand: Understand, alike: float) -> list[Need]:
    """The needs behind requests, the most frequent first. Takes up to some seconds: for a worker thread."""
    by_name: dict[str, _Cluster] = {}
    others: list[_Cluster] = []
    compared = 0
    for request in requests:
        meant = understand(request.text)
        if meant is not None:
            cluster = by_name.setdefault(meant.request, _Cluster(request.text, frozenset(), meant))
        elif compared < _MOST_ALIKE:
            compared += 1
            cluster = _like(request.text, others, alike)
        else:
            continue
        cluster.members.append(request)
    needs = [_need(cluster) for cluster in (*by_name.values(), *others)]
    return sorted(needs, key=lambda need: (-need.support, need.understood is None, need.fingerprint))


def _like(text: str, clusters: list[_Cluster], alike: float) -> _Cluster:
    plain = _NUMBER.sub("0", text)
    stems = _stems(plain)
    for cluster in clusters:
        if stems & cluster.stems and similarity(plain, cluster.first) >= alike:
            return cluster
    made = _Cluster(plain, stems)
    clusters.append(made)
    return made


def _need(cluster: _Cluster) -> Need:
    members = cluster.members
    if cluster.understood is not None:
        telling = cluster.understood.request
    else:
        counted = Counter(word for one in members for word in _stems(one.text))
        most = sorted(counted.items(), key=lambda row: (-row[1], row[0]))[:_TELLING]
        telling = " ".join(sorted(word for word, _ in most))
    return Need(
        fingerprint=hashlib.sha256(f"need {telling or cluster.first}".encode()).hexdigest()[:12],
        understood=cluster.understood,
        support=len(members),
        users=len({one.who for one in members}),
        days=len({one.day for one in members}),
        traces=tuple(one.trace for one in members[:_CAUSES]),
    )


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _WORD.findall(text.casefold()))


def _several(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"
