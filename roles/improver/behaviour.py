"""Whether a changed agent answers as the original does: its tests, its recorded requests, and variants of these."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from roles.improver.agent import AgentSource, AgentSpecification, RecordedRequest, RecordedRows, violated_rule
from roles.improver.canonical import TRANSIENT, brief, canonical
from roles.improver.measure import Workbench
from roles.improver.sites import Allowance

__all__ = ["Behaviour", "compare_behaviour", "parameters_of", "variants"]

_TEST_SECONDS = 10.0
_CALL_SECONDS = 5.0
_VARIANT_SECONDS = 0.5
_VARIANTS = 60
_ASKED_AGAIN = 2


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The first difference that is not allowed (None: there is none), and how many recorded requests failed."""

    difference: str | None
    failures_before: int = 0
    failures_after: int = 0


async def compare_behaviour(
    bench: Workbench,
    agent: AgentSource,
    files: Mapping[str, str],
    allowances: frozenset[Allowance] = frozenset(),
    seed: int = 0,
) -> Behaviour:
    """Whether a changed agent behaves as the original does, but for what is allowed.

    The original runs beside the candidate each time. Requests whose answers differ between two runs of the original
    can't be judged, so nothing that they reach may change. Variants are the recorded requests with other values of the
    same types. Raises `SandboxError` where the run failed as a whole.
    """
    varied = variants(agent.requests, _VARIANTS, seed)
    asked = [request.to_json() for request in agent.requests]
    odd = [request.to_json() for request in varied]
    tests = [
        ["tests", f"/work/{side}", _module(path), text, _TEST_SECONDS]
        for side in ("a", "b")
        for path, text in agent.tests.items()
    ]
    pieces = [
        ["replay", "/work/a", asked, _CALL_SECONDS],
        ["replay", "/work/a", asked, _CALL_SECONDS],
        ["replay", "/work/b", asked, _CALL_SECONDS],
        ["replay", "/work/a", odd, _VARIANT_SECONDS],
        ["replay", "/work/b", odd, _VARIANT_SECONDS],
        *tests,
    ]
    answers = await bench.work({"a": agent.files, "b": files}, pieces)
    first, again, changed, odd_before, odd_after, *rest = answers
    half = len(rest) // 2
    failures = [sum("error" in outcome for outcome in side) for side in (first, changed)]
    difference = _crashed(first, changed) or _unstable(agent.requests, first, again)
    if difference is not None:
        return Behaviour(difference)
    real, other = _Compared(agent.requests, first, changed), _Compared(varied, odd_before, odd_after)
    if Allowance.INVALID_REFUSED in allowances:
        real, other = await _without_refused(bench, agent, real, other)
    difference = _difference(real, other, allowances)
    if difference is not None and Allowance.TRANSIENT_MENDED in allowances:
        # a read that is tried again may be seen in what comes later, as one is that the caller asks for again
        real, other = await _asked_again(bench, agent, real, other)
        difference = _difference(real, other, allowances)
    difference = difference or _recorded(agent.requests, changed) or _failed_tests(rest[:half], rest[half:])
    return Behaviour(difference) if difference is not None else Behaviour(None, *failures)


@dataclass(frozen=True, slots=True)
class _Compared:
    """Requests, and what came of them before and after a change; a dictionary where the process ended."""

    requests: Sequence[RecordedRequest]
    before: Any
    after: Any


def _difference(real: _Compared, other: _Compared, allowances: frozenset[Allowance]) -> str | None:
    return (
        _crashed(real.before, real.after)
        or _differing(real.requests, real.before, real.after, allowances)
        or _differing_variants(other.requests, other.before, other.after, allowances)
    )


async def _asked_again(
    bench: Workbench, agent: AgentSource, real: _Compared, other: _Compared
) -> tuple[_Compared, _Compared]:
    """The same with the original's answers to a caller who asks again where its source was out of reach."""
    pieces = [
        ["replay", "/work/a", [request.to_json() for request in one.requests], seconds, _ASKED_AGAIN]
        for one, seconds in ((real, _CALL_SECONDS), (other, _VARIANT_SECONDS))
    ]
    before = await bench.work({"a": agent.files}, pieces)
    return replace(real, before=before[0]), replace(other, before=before[1])


async def _without_refused(
    bench: Workbench, agent: AgentSource, real: _Compared, other: _Compared
) -> tuple[_Compared, _Compared]:
    """The same without the requests that break the specification and that the change refuses.

    The original is asked anew without them: a refused request has to leave no trace, so what the original made of it
    may not be seen in later answers.
    """
    kept = [
        [place for place, request in enumerate(one.requests) if not _is_refused(agent, request, one.after, place)]
        for one in (real, other)
    ]
    if all(len(places) == len(one.requests) for places, one in zip(kept, (real, other), strict=True)):
        return real, other
    asked = [[one.requests[place] for place in places] for places, one in zip(kept, (real, other), strict=True)]
    pieces = [
        ["replay", "/work/a", [request.to_json() for request in requests], seconds]
        for requests, seconds in zip(asked, (_CALL_SECONDS, _VARIANT_SECONDS), strict=True)
    ]
    before = await bench.work({"a": agent.files}, pieces)
    after = [_at(one.after, places) for places, one in zip(kept, (real, other), strict=True)]
    return _Compared(asked[0], before[0], after[0]), _Compared(asked[1], before[1], after[1])


def _at(outcomes: Any, places: Sequence[int]) -> Any:
    return [outcomes[place] for place in places] if isinstance(outcomes, list) else outcomes


def _is_refused(agent: AgentSource, request: RecordedRequest, outcomes: Any, place: int) -> bool:
    if isinstance(outcomes, dict) or "ValueError" not in outcomes[place].get("error", ((),))[0]:
        return False
    rules = agent.specification.inputs.get(request.target)
    values = parameters_of(agent.specification, request)
    return rules is not None and values is not None and violated_rule(rules, values) is not None


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _crashed(first: Any, changed: Any) -> str | None:
    if isinstance(changed, dict):
        return f"It can't be run: {cast('dict[str, Any]', changed).get('crashed')}."
    return "The original can't be run, so nothing can be compared with it." if isinstance(first, dict) else None


def _unstable(requests: Sequence[RecordedRequest], first: Sequence[Any], again: Sequence[Any]) -> str | None:
    for request, one, other in zip(requests, first, again, strict=True):
        if one != other:
            return f"The original answers a request to {request.target} differently each time."
    return None


def _differing(
    requests: Sequence[RecordedRequest],
    before: Sequence[Any],
    after: Sequence[Any],
    allowances: frozenset[Allowance],
) -> str | None:
    for request, old, new in zip(requests, before, after, strict=True):
        if "late" in old and "late" in new:
            return f"A request to {request.target} takes too long to be compared."
        if old != new and not _allowed(old, new, allowances):
            return f"{request.target} answers differently: {_told(old)} became {_told(new)}."
    return None


def _differing_variants(
    requests: Sequence[RecordedRequest],
    before: Any,
    after: Any,
    allowances: frozenset[Allowance],
) -> str | None:
    if isinstance(before, dict):
        # the variants were too much for the original itself: they say nothing
        return None
    if isinstance(after, dict):
        return "Variants of the requests end its process, and not the original's."
    for request, old, new in zip(requests, before, after, strict=True):
        if "late" in old or "late" in new:
            # later requests to the same object can't be compared either
            break
        if old != new and not _allowed(old, new, allowances):
            return f"{request.target} answers a variant differently: {_told(old)} became {_told(new)}."
    return None


def _allowed(old: Any, new: Any, allowances: frozenset[Allowance]) -> bool:
    if Allowance.NARROWER_ERROR in allowances and "error" in old and "error" in new:
        (old_names, old_text), (new_names, new_text) = old["error"], new["error"]
        if old_names[0] in new_names and old_text == new_text and old.get("printed") == new.get("printed"):
            return True
    if Allowance.TRANSIENT_MENDED in allowances and "error" in old and TRANSIENT & set(old["error"][0]):
        return "answer" in new or ("error" in new and bool(TRANSIENT & set(new["error"][0])))
    return False


def parameters_of(specification: AgentSpecification, request: RecordedRequest) -> dict[str, Any] | None:
    """The values of a request by the names of parameters, as its specification orders them; None where it has none."""
    rules = specification.inputs.get(request.target)
    if rules is None or len(request.args) > len(rules):
        return None
    return {**dict(zip(rules, request.args, strict=False)), **request.named}


def _recorded(requests: Sequence[RecordedRequest], outcomes: Sequence[Any]) -> str | None:
    """The recorded answers stay out of the sandbox: they are compared here."""
    for request, outcome in zip(requests, outcomes, strict=True):
        if request.answered and outcome.get("answer") != brief(canonical(request.answer)):
            return f"{request.target} no longer gives its recorded answer: {_told(outcome)}."
    return None


def _failed_tests(before: Sequence[Any], after: Sequence[Any]) -> str | None:
    for old, new in zip(before, after, strict=True):
        for name, problem in old.items():
            if name == "crashed" or problem:
                continue
            if new.get(name, "it did not run") != "":
                return f"The test {name} fails: {new.get(name, 'it did not run')}."
    return None


def _told(outcome: Any) -> str:
    if "error" in outcome:
        return f"{outcome['error'][0][0]}: {outcome['error'][1]}"[:120]
    return str(outcome.get("answer", "no answer in time"))[:120]


def variants(requests: Sequence[RecordedRequest], count: int, seed: int = 0) -> list[RecordedRequest]:
    """Requests like the recorded ones, with other values of the same types: edges, repeats, other orders, nothing.

    The rows that they are given vary, too: the same request may get other rows later, as from a live database.
    """
    draw = random.Random(seed)  # noqa: S311 - variety, not a secret
    if not requests:
        return []
    made: list[RecordedRequest] = []
    for turn in range(count):
        request = requests[turn % len(requests)]
        varied = tuple(_vary(value, draw) for value in request.args)
        made.append(
            replace(
                request,
                args=varied,
                named={name: _vary(value, draw) for name, value in request.named.items()},
                answered=False,
                rows=_varied_rows(request.rows, draw),
                lenient=True,
            )
        )
    return made


def _varied_rows(rows: tuple[RecordedRows, ...] | None, draw: random.Random) -> tuple[RecordedRows, ...] | None:
    """Each other time as they were, so that what was asked differs alone; else fewer, more, and other ones."""
    if not rows or draw.random() < 0.3:
        return rows
    return tuple(replace(one, rows=[_other_row(row, draw) for row in _vary(list(one.rows), draw)]) for one in rows)


def _other_row(row: Mapping[str, Any], draw: random.Random) -> dict[str, Any]:
    return {name: None if draw.random() < 0.05 else value for name, value in row.items()}


_EDGES: dict[type, tuple[Any, ...]] = {
    int: (0, 1, -1, 2, 7),
    float: (0.0, -0.0, 1.0, -1.5, 0.1),
    str: ("", "a", "A b", "ß, é", "0"),
}


def _vary(value: Any, draw: random.Random, depth: int = 0) -> Any:
    kind: Any = value.__class__
    if kind is bool:
        return draw.random() < 0.5
    if kind in _EDGES:
        return draw.choice((value, *_EDGES[kind])) if draw.random() < 0.6 else value
    if kind is dict:
        return {key: _vary(part, draw, depth + 1) for key, part in value.items()}
    if kind is list:
        parts = list(value[: draw.choice((0, 1, 3, 12, 40))]) if draw.random() < 0.7 else list(value[:60])
        if parts and draw.random() < 0.5:
            parts += draw.choices(parts, k=min(3, len(parts)))
        if draw.random() < 0.3:
            draw.shuffle(parts)
        return [_vary(part, draw, depth + 1) if draw.random() < 0.3 else part for part in parts]
    return value
