"""What a reading of a request asks for, in words of people: without names of tables or of formulas."""

from __future__ import annotations

import re

from common.errors import ValidationFailed
from roles.builder.understanding.requirements import Condensed, Place, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import plural, words_of_name
from roles.engineering.formulas import parse
from roles.engineering.formulas.text import text_of
from roles.engineering.formulas.tree import Name, Node
from roles.engineering.specification import Filter

__all__ = ["as_for_people"]

_ALL = 1_000
"""As many rows as there are without a limit."""
_SIGNS = {
    "=": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least", "in": "is",
    "contains": "contains",
}  # fmt: skip
_IN_TIME = {"<": "before", "<=": "not after", ">": "after", ">=": "not before", "!=": "is not"}
_FUNCTIONS = {
    "count": "number of", "distinct": "number of different", "sum": "total of", "mean": "average of",
    "minimum": "lowest", "maximum": "highest", "percentile": "percentile of", "median": "median of",
    "stdev": "standard deviation of", "variance": "variance of", "average": "average of", "first": "",
}  # fmt: skip
_FUNCTION = re.compile(r"\b(" + "|".join(_FUNCTIONS) + r")\(([^(),]*)(?:, [\d.]+)?\)")


def as_for_people(made: Requirements, tables: Tables) -> dict[str, str]:
    """What decides the answers, each in a few words."""
    things = [_one(one.table) if _is_thing(one, tables) else _words(one.column) for one in made.groups]
    things = list(dict.fromkeys(things))
    many = plural(_one(made.table)) if made.table in tables.tables else "rows"
    conditions = [_condition(one) for one in made.filters]
    conditions += [f"{_words(one.left.column)} {_SIGNS.get(one.sign, one.sign)} {_words(one.right.column)}"
                   for one in made.compared]  # fmt: skip
    return {
        "computed": ", ".join(_computed(made)) or "nothing is computed",
        "groups": f"for each {' and '.join(things)}, over all its {many}" if things
        else f"for each of the {many} by itself",
        "rows": f"only where {' and '.join(conditions)}" if conditions else "without a condition",
        "entity": f"for one {_one(made.entity)} that is named by its key" if made.entity
        else "for all of them",
        "count": "all of them" if made.limit == _ALL else f"only the first {made.limit}",
        "rules": ", ".join(f"passes where {one.expression.replace('_', ' ')}" for one in made.rules)
        or "nothing has to pass",
        "order": _order(made),
    }  # fmt: skip


def _is_thing(place: Place, tables: Tables) -> bool:
    return tables.is_key(place) or tables.label(place.table) == place


def _one(table: str) -> str:
    """What one row of a table is called."""
    return " ".join(words_of_name(table.rpartition(".")[2]))


def _words(name: str) -> str:
    return re.sub(r"_+|(?<=[a-z])(?=[A-Z])", " ", name.rpartition(".")[2]).strip().lower()


def _computed(made: Requirements) -> list[str]:
    found = [_figure(made, one.name) for one in made.figures if one.asked]
    return found + [f"the {_condensed(one)}" for one in made.condensed]


def _condensed(one: Condensed) -> str:
    if one.function == "count":
        return f"number of {plural(_one(one.place.table))}"
    times = f" times {_words(one.times.column)}" if one.times is not None else ""
    return f"{_FUNCTIONS[one.function]} {_words(one.place.column)}{times}"


def _figure(made: Requirements, name: str) -> str:
    """ "Current ratio, that is total of current assets / total of current liabilities"."""
    figures = {one.name: one for one in made.figures}
    places = {one.name: one.place for one in made.bindings if one.place is not None}

    def changed(node: Node) -> str | None:
        if isinstance(node, Name):
            return _words(places[node.name].column if node.name in places else node.name)
        return None

    figure = figures[name]
    try:
        said = text_of(parse(figure.expression, scalars=[*figures, *places]).tree, changed)
    except ValidationFailed:
        said = figure.expression.replace("_", " ")
    said = f"{figure.aggregate}({said})" if figure.aggregate else said
    told = _FUNCTION.sub(lambda match: f"{_FUNCTIONS[match[1]]} {match[2]}".strip(), said)
    return f"the {_words(name)}, that is {told}"


def _condition(one: Filter) -> str:
    what = _words(one.figure or one.column)
    if one.input:
        return f"the {what} is told by whoever asks"
    if one.moment:
        return f"{what} {_IN_TIME.get(one.comparison, 'is')} {_moment(one.moment)}"
    value = one.value[0] if isinstance(one.value, list) and one.value else one.value
    if value is None:
        return f"{what} is missing" if one.comparison == "=" else f"{what} is there"
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return f"{what} {_IN_TIME.get(one.comparison, 'is')} {value}"
    said = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    if isinstance(value, bool):
        said = "yes" if value else "no"
    return f"{what} {_SIGNS[one.comparison]} {said}"


def _moment(moment: str) -> str:
    """ "day-90" is 90 days ago."""
    unit, way, number = re.split(r"([+-])", moment)
    if number == "0":
        return "today" if unit == "day" else f"the start of this {unit.removesuffix('s')}"
    many = f"{number} {unit.removesuffix('s')}{'s' if number != '1' else ''}"
    return f"{many} {'ago' if way == '-' else 'ahead'}"


def _order(made: Requirements) -> str:
    name = made.order_by or (made.order.column if made.order is not None else "")
    return f"by {_words(name)}, the {'highest' if made.descending else 'lowest'} first" if name else "in no order"
