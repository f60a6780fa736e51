"""Decides where a request goes: straight to the one role that covers it, or to planning.

A calibrated classifier answers in a fraction of a millisecond. What it is not certain of goes to planning, unless a
model is configured to decide or a rule of the router's guideline does; so do requests for several things at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import anyio
from anyio import to_thread

from common.context import TaskContext
from common.errors import LimitExceeded, RoutingError
from common.language.encoders import Encoder
from common.language.parts import Part, split
from common.language.rules import parse_rules, rule_name
from common.logs import get_logger
from common.remembered import Remembered
from common.role import Role
from common.settings import RouterSettings
from roles.planning_rules import FITS
from roles.role_registry import RoleRegistry
from roles.scorer.dense import read_head
from roles.scorer.labels import CONVERSATION, NONE, examples_digest, role_of
from roles.scorer.learning import NewRole, cached, learn, store
from roles.scorer.scorer import Scorer
from roles.scorer.table import LinearTable

__all__ = ["PLANNING", "AskModel", "Router", "RoutingDecision", "load_scorer"]

logger = get_logger(__name__)

PLANNING = "planning"
_NOTABLE = 0.005
_CLOSE = 0.5
_ASK_TIMEOUT = 20.0

AskModel = Callable[[str, TaskContext, Mapping[str, float]], Awaitable[str | None]]
"""`await ask(request, context, probabilities)`: the name of a role, or None or "planning" for planning."""


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """Where a request goes.

    `route` is a role's name where `approach` is direct, else ``planning``. `confidence` is the classifier's
    probability of the best role (of the least certain part, where there are several), `alternatives` that of every
    role worth naming and of "none". `parts` are the parts of the request, as planning will see them.
    """

    approach: Literal["direct", "meta_planning"]
    route: str
    confidence: float
    alternatives: Mapping[str, float] = field(default_factory=dict[str, float])
    parts: tuple[Part, ...] = ()


class Router:
    """Routes by the roles that are registered and enabled at the time of the request.

    `ask_model` is asked where the classifier is unsure; one that fails, takes longer than 20 s or names no enabled role
    leaves the request to planning.
    """

    def __init__(
        self,
        roles: RoleRegistry,
        settings: RouterSettings,
        scorer: Scorer,
        *,
        cache: Path | None = None,
        ask_model: AskModel | None = None,
    ) -> None:
        self._roles = roles
        self._settings = settings
        self._scorer = scorer
        self._cache = cache
        self._ask_model = ask_model
        self._threshold = scorer.curve.threshold(settings.precision)
        self._learned: Mapping[str, NewRole] = {}
        self._complete: tuple[Sequence[Role], bool] = ((), True)
        self._current: tuple[Sequence[Role], bool] = ((), True)
        self._scores = Remembered(scorer.probabilities)

    @classmethod
    async def create(
        cls,
        roles: RoleRegistry,
        settings: RouterSettings | None = None,
        *,
        cache: Path | None = None,
        ask_model: AskModel | None = None,
        encoder: Encoder | None = None,
    ) -> Router:
        """A router with the shipped weights and what `cache` (a folder) holds of the host's roles.

        An `encoder` is asked beside the words (on the event loop, some milliseconds a request) where something was
        fitted for it: it was for ``minilm``, and for a host's own by `python -m roles.scorer.fit --encoder`.

        Where `is_complete` is False afterwards, run `learn` beside the first requests. Raises `ConfigurationError`
        for damaged weights.
        """
        scorer = await to_thread.run_sync(load_scorer, encoder, cache)
        router = cls(roles, settings or RouterSettings(), scorer, cache=cache, ask_model=ask_model)
        await router._read_cache()
        return router

    @property
    def threshold(self) -> float:
        """The probability from which a request goes direct, for the configured precision."""
        return self._threshold

    @property
    def is_complete(self) -> bool:
        """Whether the classifier knows every enabled role; what it does not know goes to planning."""
        enabled = self._roles.enabled()
        if self._complete[0] is not enabled:
            known = all(self._learned.get(role.name) == role for role in self._new_roles())
            self._complete = (enabled, known)
        return self._complete[1]

    @property
    def is_current(self) -> bool:
        """Whether the classifier knows just the enabled roles: one that is gone would still draw requests to itself."""
        enabled = self._roles.enabled()
        if self._current[0] is not enabled:
            self._current = (enabled, self._learned == {role.name: role for role in self._new_roles()})
        return self._current[1]

    async def learn(self) -> None:
        """Learn the roles that the shipped weights don't know, in a worker thread, and serve them from then on; forget
        those that are gone.

        Takes about a second the first time (scikit-learn is imported), nothing where it was cached or where there is
        nothing to learn. May run beside requests.
        """
        if self.is_current:
            return
        new = self._new_roles()
        if not new:
            self._serve(None, new)
            return
        table = await to_thread.run_sync(learn, new, abandon_on_cancel=True)
        self._serve(table, new)
        if self._cache is not None:
            await to_thread.run_sync(store, self._cache, new, self._corpus, table)

    def probabilities(self, text: str) -> dict[str, float]:
        """Role -> probability that it covers the text, for every enabled role, and "none" for no domain role.

        The conversation role answers what no other covers, so its probability contains that of "none"; those of the
        roles add up to 1 where it is enabled. Never raises, whatever the text.
        """
        found = dict.fromkeys((role.name for role in self._roles.enabled()), 0.0)
        nobody = 0.0
        for label, probability in self._scores(text).items():
            role = role_of(label)
            if role in found:
                found[role] += probability
            else:
                nobody += probability
        if CONVERSATION in found:
            found[CONVERSATION] += nobody
        found[NONE] = nobody
        return found

    async def route_request(self, request: str, context: TaskContext, guideline: Sequence[str] = ()) -> RoutingDecision:
        """Decide about one request. Raises `RoutingError` where no role is enabled at all.

        `guideline` are the router's rules: where the classifier is unsure of a plain request, no model decides, and
        several roles are close (half as likely as the likeliest, or more), `prefer` and `avoid` do.
        """
        if not self._roles.enabled():
            raise RoutingError("there is no role to route to", where="router", todo="Register a role, or enable one.")
        parts = split(request)
        if len(parts) > 1:
            return self._several(request, parts)
        probabilities = self.probabilities(request)
        best, confidence = _best(probabilities)
        alternatives = _notable(probabilities)
        if _is_plain(parts) and confidence >= self._threshold and self._may_go_direct(best):
            return RoutingDecision("direct", best, confidence, alternatives, parts)
        if confidence < self._threshold:
            named = await self._asked(request, context, probabilities)
            if named is None and guideline and _is_plain(parts):
                named = self._ruled(probabilities, guideline)
            if named is not None and named != PLANNING:
                return RoutingDecision("direct", named, probabilities[named], alternatives, parts)
        return RoutingDecision("meta_planning", PLANNING, confidence, alternatives, parts)

    def _several(self, request: str, parts: tuple[Part, ...]) -> RoutingDecision:
        """Planning, unless the parts are one clause for one role ("turn off the lamp and the heater")."""
        least = 1.0
        routes: set[str] = set()
        alternatives: dict[str, float] = {}
        for part in parts:
            probabilities = self.probabilities(part.standalone)
            best, confidence = _best(probabilities)
            routes.add(best)
            least = min(least, confidence)
            for name, probability in _notable(probabilities).items():
                alternatives[name] = max(probability, alternatives.get(name, 0.0))
        certain = len(routes) == 1 and least >= self._threshold and self._may_go_direct(min(routes))
        if certain and _is_one_clause(request, parts):
            return RoutingDecision("direct", min(routes), least, alternatives, parts)
        return RoutingDecision("meta_planning", PLANNING, least, alternatives, parts)

    def _may_go_direct(self, name: str) -> bool:
        """Small talk may be anything as long as a role is not learned yet; "none" is no role at all."""
        return name != NONE and (name != CONVERSATION or self.is_complete)

    def _ruled(self, probabilities: Mapping[str, float], guideline: Sequence[str]) -> str | None:
        """The role that a rule decides for among those that are close; None where no rule decides."""
        ranked = sorted((name for name in probabilities if name != NONE), key=lambda name: -probabilities[name])
        close = [name for name in ranked if probabilities[name] >= max(FITS, _CLOSE * probabilities[ranked[0]])]
        if len(close) < 2:
            return None
        rules = parse_rules(guideline)
        names = {rule_name(name) for name in close} - rules.avoid
        beaten = {second for first, second in rules.prefer if first in names}
        left = [name for name in close if rule_name(name) in names - beaten]
        return left[0] if len(left) == 1 and self._may_go_direct(left[0]) else None

    async def _asked(self, request: str, context: TaskContext, probabilities: Mapping[str, float]) -> str | None:
        if self._ask_model is None:
            return None
        try:
            with anyio.fail_after(_ASK_TIMEOUT):
                named = await self._ask_model(request, context, probabilities)
        except LimitExceeded:
            raise
        except Exception as error:
            logger.warning("the model that should route failed, planning takes over: %s", error)
            return None
        return named if named is not None and (named == PLANNING or self._roles.is_enabled(named)) else None

    @property
    def _corpus(self) -> str:
        return str(self._scorer.shipped.facts["corpus"])

    def _new_roles(self) -> list[NewRole]:
        """The enabled roles whose examples are not those the shipped weights were fitted on."""
        digests = self._scorer.digests
        return [
            NewRole(role.name, role.description, tuple(role.examples))
            for role in self._roles.enabled()
            if digests.get(role.name) != examples_digest(role.examples)
        ]

    async def _read_cache(self) -> None:
        new = self._new_roles()
        if not new or self._cache is None:
            return
        table = await to_thread.run_sync(cached, self._cache, new, self._corpus)
        if table is not None:
            self._serve(table, new)

    def _serve(self, table: LinearTable | None, new: Sequence[NewRole]) -> None:
        self._scorer = self._scorer.with_learned(table)
        self._scores = Remembered(self._scorer.probabilities)
        self._learned = {role.name: role for role in new}
        self._complete = self._current = ((), True)


def load_scorer(encoder: Encoder | None = None, cache: Path | None = None) -> Scorer:
    """The scorer of the shipped roles, with an encoder where something was fitted for it (reads files)."""
    scorer = Scorer.load()
    if encoder is None:
        return scorer
    head = read_head(encoder.name, str(scorer.shipped.facts["corpus"]), cache)
    if head is None:
        logger.warning("nothing was fitted for the encoder %s, so requests are routed by words alone", encoder.name)
        return scorer
    return scorer.with_encoder(encoder, head)


def _best(probabilities: Mapping[str, float]) -> tuple[str, float]:
    best = max(probabilities, key=probabilities.__getitem__)
    return best, probabilities[best]


def _notable(probabilities: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in probabilities.items() if value >= _NOTABLE}


def _is_plain(parts: Sequence[Part]) -> bool:
    """One part that depends on no circumstance."""
    return len(parts) == 1 and parts[0].condition is None


def _is_one_clause(request: str, parts: Sequence[Part]) -> bool:
    """Whether the parts came of one verb with several objects: what was said then holds only the first word for word,
    and none waits for another."""
    waits = any(part.depends_on or part.condition for part in parts)
    return not waits and not any(part.text in request for part in parts[1:])
