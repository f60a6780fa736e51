"""Fills the structured output that a schema asks for, from a request alone.

Arrays of objects with a `part` property get one item a part of the request; enums are chosen by priors, examples and
descriptions; what would have to be invented is left out and noted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from common.language import formats
from common.language.choices import Choices
from common.language.parts import Part, split
from common.language.slots import Slot, compile_slots, fill_slots, scope_of
from common.settings import LanguageSettings

__all__ = ["fill_object", "fill_structured"]

_LIKELY = 0.1
_MAX_STEPS = 40


def fill_structured(
    schema: Mapping[str, Any],
    request: str,
    data: Sequence[str] = (),
    *,
    now: datetime | None = None,
    language: LanguageSettings | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """An object for the schema, read from the request: (value, notes on what could not be filled).

    `data` are texts beside the request; they are looked at for what the request refers to ("it") and for nothing
    else, so that they can't change what is asked.
    """
    del data
    return fill_object(schema, request, split(request), now=now, language=language)


def fill_object(
    schema: Mapping[str, Any],
    request: str,
    parts: Sequence[Part],
    *,
    now: datetime | None = None,
    language: LanguageSettings | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Like `fill_structured`, for a request that was split before."""
    filler = _Filler(request.strip(), tuple(parts), now, language)
    value = filler.object(compile_slots(schema), None, "")
    return value, filler.notes


@dataclass(slots=True)
class _Filler:
    request: str
    parts: tuple[Part, ...]
    now: datetime | None
    language: LanguageSettings | None
    notes: list[str] = field(default_factory=list[str])

    def object(self, slots: Sequence[Slot], part: Part | None, path: str) -> dict[str, Any]:
        """One object; of a part where one is given, else of the whole request."""
        whole = part or Part(0, self.request, self.request)
        plain = [slot for slot in slots if slot.kind not in _OWN]
        scope = scope_of(whole, self.request, now=self.now, language=self.language)
        read = fill_slots(plain, scope).values if plain else {}
        value: dict[str, Any] = {}
        for slot in slots:
            found = self._own(slot, part, path) if slot.kind in _OWN else read.get(slot.name)
            if found is None and "default" in slot.schema:
                found = slot.schema["default"]
                if found is None and not slot.required:
                    continue
            if found is not None:
                value[slot.name] = found
            elif slot.required:
                value[slot.name] = None
                self.notes.append(f"{path}{slot.name}: nothing in the request says it")
            else:
                self.notes.append(f"{path}{slot.name}: left out")
        return value

    def _own(self, slot: Slot, part: Part | None, path: str) -> Any | None:
        kind = slot.kind
        if kind == formats.REQUEST:
            return self.request
        if kind == formats.PLAN:
            steps = [f"{n}. {step.standalone}" for n, step in enumerate(self.parts[:_MAX_STEPS], 1)]
            return "\n".join(steps) or None
        if kind == formats.PART:
            return part.standalone if part is not None else self.request
        if kind == formats.PART_ID:
            return part.id if part is not None else None
        if kind in (formats.PART_REFERENCE, formats.PART_ORDER):
            references = self._references(kind, part)
            return references[0] if references else None
        if kind == "choice":
            return self._choice(slot, part)
        if kind == "array":
            return self._array(slot, part, path)
        return self.object(slot.inner, part, f"{path}{slot.name}.") if slot.inner else None

    def _references(self, kind: str, part: Part | None) -> list[str]:
        if part is None:
            return []
        known = {other.index: other.id for other in self.parts}
        wanted = part.depends_on if kind == formats.PART_REFERENCE else part.after
        return [known[index] for index in wanted if index in known]

    def _choice(self, slot: Slot, part: Part | None) -> Any | None:
        choices = slot.choices
        if choices is None:
            return None
        text = part.standalone if part is not None else self.request
        found = choices.likeliest(text, must=slot.required)
        if found is None and part is None:
            found = next((choice for one in self.parts if (choice := choices.likeliest(one.standalone))), None)
        return found[0] if found is not None else None

    def _array(self, slot: Slot, part: Part | None, path: str) -> list[Any] | None:
        items = slot.items
        if items is None:
            return None
        if items.kind in (formats.PART_REFERENCE, formats.PART_ORDER):
            return cast("list[Any]", self._references(items.kind, part))
        if items.kind == "object":
            if any(inner.kind == formats.PART for inner in items.inner):
                return [self.object(items.inner, one, f"{path}{slot.name}[{n}].") for n, one in enumerate(self.parts)]
            return None
        if items.kind in (formats.PART, formats.PLAN):
            return [one.standalone for one in self.parts]
        if items.kind == "choice" and items.choices is not None:
            return self._union(items.choices, part)
        scope = scope_of(
            part or Part(0, self.request, self.request), self.request, now=self.now, language=self.language
        )
        return fill_slots((slot,), scope).values.get(slot.name)

    def _union(self, choices: Choices, part: Part | None) -> list[Any]:
        """The values that the parts need, in their order, each once."""
        found: list[Any] = []
        for one in (part,) if part is not None else self.parts:
            likeliest = choices.likeliest(one.standalone)
            if likeliest is not None and likeliest[1] >= _LIKELY and likeliest[0] not in found:
                found.append(likeliest[0])
        return found


_OWN = frozenset(
    {formats.REQUEST, formats.PLAN, formats.PART, formats.PART_ID, formats.PART_REFERENCE, formats.PART_ORDER}
    | {"choice", "array", "object"}
)
