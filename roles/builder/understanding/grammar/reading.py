"""Reads a request by the grammar, where that covers all of it."""

from __future__ import annotations

from collections.abc import Sequence

from common.errors import ValidationFailed
from roles.builder.understanding.grammar.assembling import assembled
from roles.builder.understanding.grammar.compiling import compiled
from roles.builder.understanding.grammar.linking import Linker
from roles.builder.understanding.grammar.pieces import Pieces, ways_to_read
from roles.builder.understanding.grammar.resolving import Beyond, Unclear, Unfit
from roles.builder.understanding.links import with_clear_conditions, with_clear_links
from roles.builder.understanding.requirements import Requirements
from roles.builder.understanding.tables import Tables
from roles.engineering.specification import DataSource

__all__ = ["read_by_grammar"]

_FAR = 0.3
"""How much dearer than the cheapest reading one may be, where that does not fit the tables."""
_ALIKE = 0.1
"""How much dearer a reading may be and still be as good as another."""


def read_by_grammar(text: str, sources: Sequence[DataSource]) -> Requirements | None:
    """What a request asks for; None where the grammar does not cover every word of it.

    The text has its times as dates (`roles.builder.understanding.windows`). Where a word may mean two things and
    nothing tells which key leads to a table, there is a question in the place of an answer.
    """
    tables = Tables(sources)
    if not tables:
        return None
    linker = Linker(tables)
    best: tuple[float, Requirements] | None = None
    ways = ways_to_read(text, linker)
    for way in ways:
        if way.cost > ways[0].cost + _FAR or (best is not None and way.cost > best[0] + _ALIKE):
            break
        made = _of_pieces(way, linker, text)
        if made is None:
            continue
        if best is None:
            best = (way.cost, made)
        elif _meaning(best[1]) != _meaning(made):
            return None
    return best[1] if best is not None else None


def _of_pieces(way: Pieces, linker: Linker, text: str) -> Requirements | None:
    query = assembled(way.pieces)
    if query is None:
        return None
    try:
        made = compiled(query, linker, text)
    except Beyond as error:
        return Requirements(request=text, uncovered=(error.what,))
    except (Unfit, Unclear, ValidationFailed):
        return None
    made = with_clear_conditions(with_clear_links(made, linker.tables), linker.tables)
    told = (f"no use was made of: {', '.join(way.unused)}",) if way.unused else ()
    return made.model_copy(update={"assumptions": (*made.assumptions, *told)})


def _meaning(made: Requirements) -> object:
    """What decides the answers: names and notes do not."""
    return made.model_copy(
        update={
            "assumptions": (), "name": "", "title": "", "order_by": "", "show": frozenset(made.show),
            "figures": tuple((one.expression, one.aggregate) for one in made.figures),
            "condensed": tuple((one.function, one.place, one.times) for one in made.condensed),
            "rules": tuple(one.expression.split(" ", 1)[-1] for one in made.rules),
            "filters": tuple(one.model_copy(update={"figure": None}) for one in made.filters),
        }
    )  # fmt: skip
