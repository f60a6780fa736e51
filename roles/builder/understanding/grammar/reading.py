"""Reads a request by the grammar, where that covers all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from common.errors import ValidationFailed
from roles.builder.understanding.denials import dropped_words
from roles.builder.understanding.grammar.amounts import rate_added_up
from roles.builder.understanding.grammar.assembling import assembled
from roles.builder.understanding.grammar.compiling import compiled
from roles.builder.understanding.grammar.linking import Linker
from roles.builder.understanding.grammar.pieces import Pieces, ways_to_read
from roles.builder.understanding.grammar.resolving import Asked, Beyond, Unclear, Unfit
from roles.builder.understanding.links import with_clear_conditions, with_clear_links
from roles.builder.understanding.named_values import dropped_values
from roles.builder.understanding.requirements import Question, Requirements
from roles.builder.understanding.tables import Tables
from roles.engineering.specification import DataSource

__all__ = ["read_by_grammar"]

_FAR = 0.3
"""How much dearer than the cheapest reading one may be, where that does not fit the tables."""
_ALIKE = 0.1
"""How much dearer a reading may be and still be as good as another."""


def read_by_grammar(
    text: str, sources: Sequence[DataSource], meant: Mapping[tuple[str, str], str] = MappingProxyType({})
) -> Requirements | None:
    """What a request asks for; None where the grammar does not cover every word of it.

    `meant` tells the keys that are meant of several that lead from one table to another.

    The text has its times as dates (`roles.builder.understanding.windows`). Where a word may mean two things and
    nothing tells which key leads to a table, there is a question in the place of an answer.
    """
    tables = Tables(sources)
    if not tables:
        return None
    tables.meant.update(meant)
    linker = Linker(tables)
    best: tuple[float, Requirements] | None = None
    ways = ways_to_read(text, linker)
    for way in ways:
        if way.cost > ways[0].cost + _FAR or (best is not None and way.cost > best[0] + _ALIKE):
            break
        made = _of_pieces(way, linker, text)
        if made is None:
            continue
        if best is None and made.missing:
            return made
        if best is None:
            best = (way.cost, made)
        elif _meaning(best[1]) != _meaning(made) or not _shows_alike(best[1], made):
            return None
    return best[1] if best is not None else None


def _of_pieces(way: Pieces, linker: Linker, text: str) -> Requirements | None:
    query = assembled(way.pieces, linker.implied)
    if query is None:
        return None
    if asked := rate_added_up((one.value for one in query.figures), text):
        return Requirements(request=text, missing=(Question(name="unclear", text=asked),))
    try:
        made = compiled(query, linker, text)
    except Beyond as error:
        return Requirements(request=text, uncovered=(error.what,))
    except Asked as error:
        return Requirements(request=text, missing=(Question(name="unclear", text=error.what),))
    except (Unfit, Unclear, ValidationFailed):
        return None
    made = with_clear_conditions(with_clear_links(made, linker.tables), linker.tables)
    made = made.model_copy(update={"assumptions": (*made.assumptions, *linker.deeds.told(query))})
    if not (made.missing or made.uncovered) and (
        dropped_values(text, made, linker.tables) or dropped_words(text, made, linker.tables)
    ):
        return None
    told = (f"no use was made of: {', '.join(way.unused)}",) if way.unused else ()
    return made.model_copy(update={"assumptions": (*made.assumptions, *told)})


def _shows_alike(one: Requirements, other: Requirements) -> bool:
    """Whether one reading shows all that the other does: a column more beside the rows is no other meaning."""
    left, right = one.show, other.show
    return all(place in right for place in left) or all(place in left for place in right)


def _meaning(made: Requirements) -> object:
    """What decides the answers: names and notes do not."""
    return made.model_copy(
        update={
            "assumptions": (), "name": "", "title": "", "order_by": "", "show": (),
            "figures": tuple((one.expression, one.aggregate) for one in made.figures),
            "condensed": tuple((one.function, one.place, one.times) for one in made.condensed),
            "rules": tuple(one.expression.split(" ", 1)[-1] for one in made.rules),
            "filters": tuple(one.model_copy(update={"figure": None}) for one in made.filters),
        }
    )  # fmt: skip
