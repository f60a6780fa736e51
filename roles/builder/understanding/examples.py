"""Requests that an agent serves, as people would say them: the router and the reader of arguments learn from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

from roles.builder.understanding.naming import ACRONYMS
from roles.builder.understanding.queries import entity_input
from roles.builder.understanding.requirements import Condensed, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import plural
from roles.engineering.formulas.ratios import RATIOS
from roles.engineering.specification import Filter, Input

__all__ = ["examples_of"]

_MOST = 16
_VALUES = {"number": "100", "integer": "5", "text": "north", "date": "2024-01-31", "boolean": "true"}
_BY_UNIT = {"fraction": "0.05", "years": "30", "months": "36"}
_NUMBERS = ("5", "12", "3", "7", "2", "41")
_COMPARED = {">": "above", ">=": "of at least", "<": "below", "<=": "of at most"}
_DATED = {">": "after", ">=": "since", "<": "before", "<=": "until"}
_NAMED = re.compile(
    r"\b(?!an? |the )([a-z]+ (?:check|statistics|report|analysis|summary|calculation|overview|affordability))\b"
    r"|\b(?:invoice|quote|estimate|valuation)\b",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r"\s*(?!(?:hey|hi|hello|i|i'd|we|our|please|pls|build|make|create|write|can|could|would|an? (?:agent|bot"
    r"|tool)|need|want)\b)[^.;:]{8,100}[.?]?\s*$",
    re.IGNORECASE,
)
"""A request that is said as a question to the agent would be."""
_DETAILS = ("total_", "average_", "mean_")


def examples_of(made: Requirements, tables: Tables, inputs: Sequence[Input]) -> tuple[str, ...]:
    """Requests for the operation, of different forms, at most some dozen."""
    if made.each and made.figures and not made.condensed:
        found = _overviews(made, tables)
    elif made.figures and made.show:
        found = [*_lists(made, tables, inputs), *list(_calculations(made, tables, inputs))[:3]]
    elif made.figures and not made.each:
        found = _calculations(made, tables, inputs)
    elif made.condensed:
        found = _condensed(made, tables, inputs)
    else:
        found = _lists(made, tables, inputs)
    if not made.figures and not any(one.required for one in inputs) and _PLAIN.match(made.request):
        # what it was asked for is what people will ask it
        found = [made.request.strip().rstrip("."), *found]
    return tuple(dict.fromkeys(" ".join(one.split())[:200] for one in found))[:_MOST]


def _thing(made: Requirements, tables: Tables) -> str:
    return tables.one(made.entity).replace("_", " ") if made.entity else ""


def _value(one: Input) -> str:
    return _BY_UNIT.get(one.unit, _VALUES[one.type])


def _given(made: Requirements, tables: Tables, inputs: Sequence[Input]) -> list[Input]:
    """The inputs that a request has to hold besides the thing that it names."""
    named = entity_input(made, tables)
    return [one for one in inputs if one.required and (named is None or one.name != named[0].name)]


def _with(given: Sequence[Input], form: str = "{} {}") -> str:
    said = [form.format(one.name.replace("_", " "), _value(one)) for one in given]
    said = [re.sub(r"^a (?=[aeio])", "an ", one) for one in said]
    return f" with {' and '.join(said)}" if said else ""


def _calculations(made: Requirements, tables: Tables, inputs: Sequence[Input]) -> Iterable[str]:
    heads = _heads(made)
    thing, given = _thing(made, tables), _given(made, tables, inputs)
    forms = ("what is the {head} of {thing}?", "calculate the {head} for {thing}", "{head} of {thing}",
             "show me the {head} of {thing}")  # fmt: skip
    tails = (_with(given), _with(given, "a {} of {}"))
    numbers = iter(_NUMBERS * 3)
    plain: list[str] = []
    for index, head in enumerate(chain(heads, (heads * 4)[: max(1, 5 - len(heads))])):
        of = f"{thing} {next(numbers)}" if thing else ""
        said = forms[index % len(forms)].format(head=head, thing=of)
        if not thing:
            said = re.sub(r" (?:of|for) (\??)$", r"\1", said)
        question = said.endswith("?")
        plain.append(f"{said.rstrip('?')}{tails[index % 2]}{'?' if question else ''}")
    return _alternating(plain, _in_modes(made, heads[0], thing, tails[0]))


def _overviews(made: Requirements, tables: Tables) -> Iterable[str]:
    """Requests for figures of many things."""
    asked = [one for one in made.figures if one.asked]
    groups = list(dict.fromkeys(_group_words(made, tables)))
    of = made.show[0].table if made.show else made.table
    many = plural(tables.one(of)).replace("_", " ")
    found = [made.request.strip().rstrip(".") if len(made.request) <= 150 else ""]
    for head in _heads(made)[:3]:
        if groups:
            found += [
                f"what is the {head} by {groups[0]}?",
                f"{head} per {groups[0]}",
                f"show the {head} for each {groups[0]}",
            ]
        else:
            found += [f"list the {head} of all {many}", f"which {many} have which {head}?", f"{many} by {head}"]
    for one in made.filters:
        if one.figure is not None and one.comparison in _COMPARED:
            found.append(
                f"which {many} have a {_shown(one.figure)} {_COMPARED[one.comparison]} "
                f"{one.value if one.value is not None else 100}?"
            )
    if made.order_by and not groups:
        found.append(
            f"{'top' if made.descending else 'lowest'} {many} by {_shown(asked[0].name if asked else made.order_by)}"
        )
    return [one for one in found if one]


def _in_modes(made: Requirements, head: str, thing: str, tail: str) -> list[str]:
    of = f" of {thing} 7" if thing else ""
    found: list[str] = []
    for mode in made.modes[1:]:
        name = mode.name.replace("_", " ")
        if mode.custom:
            found.append(f"what is the {head}{of}{tail} with a 15 % stress on {_changed(made)}?")
        else:
            found.append(f"what is the {head}{of}{tail} in {name}{'' if name.endswith('case') else ' mode'}?")
    return found


def _changed(made: Requirements) -> str:
    """A value that a stress can change."""
    wanted = [one for one in made.bindings if one.input is None or one.input.required]
    names = [one.input.name if one.input is not None else one.name for one in wanted]
    return names[0].replace("_", " ") if names else "it"


def _heads(made: Requirements) -> list[str]:
    """The words by which people ask for the figures: each by its names, all of them together."""
    asked = [one for one in made.figures if one.asked] or list(made.figures)
    words = [[_shown(one.name), *(RATIOS[one.name].phrases[1:3] if one.name in RATIOS else ())] for one in asked]
    single = [one for one in chain.from_iterable(zip_longest(*words)) if one]
    together = [" and ".join(_shown(one.name) for one in asked[:3])] if len(asked) > 1 else []
    named = [match[0].lower() for match in _NAMED.finditer(made.request)]
    return list(dict.fromkeys([*together, *single[:6], *named[:2], *_statistics(made)]))


def _statistics(made: Requirements) -> list[str]:
    """ "Salary statistics", where several functions over one column are asked for."""
    columns = {one.name for one in made.bindings}
    if len(made.figures) < 2 or len(columns) != 1:
        return []
    return [f"{column.replace('_', ' ')} statistics" for column in columns]


def _shown(name: str) -> str:
    return name.upper() if name in ACRONYMS else name.replace("_", " ")


def _condensed(made: Requirements, tables: Tables, inputs: Sequence[Input]) -> Iterable[str]:
    thing, given = _thing(made, tables), _given(made, tables, inputs)
    of = f" of {thing} 5" if thing else ""
    heads = [head for one in made.condensed for head in _names_of(one, tables)]
    groups = list(dict.fromkeys(_group_words(made, tables)))
    found: list[str] = []
    if groups:
        for index, head in enumerate(heads):
            group = groups[index % len(groups)]
            found += [f"what is the {head} per {group}?", f"{head} by {group}", f"show the {head} for each {group}"]
        counted = next((one for one in made.condensed if one.function == "count"), None)
        if counted is not None:
            many = plural(tables.one(counted.place.table)).replace("_", " ")
            found = [
                f"how many {many} are in each {groups[0]}?",
                f"how many {many} are there per {groups[-1]}?",
                *found,
            ]
        return found
    together = " and ".join(_names_of(one, tables)[0] for one in made.condensed[:3])
    tail = _range(made) or _with(given)
    every = list(dict.fromkeys([together, *heads]))
    for index, head in enumerate(chain(every, (every * 3)[: max(0, 4 - len(every))])):
        found.append((f"what is the {head}{of}{tail}?", f"{head}{of}{tail}", f"show the {head}{of}{tail}")[index % 3])
    for one in made.condensed:
        if one.function == "count":
            many = plural(tables.one(one.place.table)).replace("_", " ")
            found.insert(0, f"how many {many} are there{' in ' + thing + ' 5' if thing else ''}{tail}?")
            found.insert(1, f"count the {many}{of}{tail}")
    return found


def _range(made: Requirements) -> str:
    """Words for two ends of one column."""
    starts = [one for one in made.filters if one.input and one.comparison == ">="]
    ends = [one for one in made.filters if one.input and one.comparison == "<="]
    if starts and ends and starts[0].column == ends[0].column:
        dated = next((one.type for one in made.inputs if one.name == starts[0].input), "") == "date"
        return " between 2024-01-01 and 2024-06-30" if dated else " between 10 and 20"
    return ""


def _names_of(one: Condensed, tables: Tables) -> list[str]:
    """The figure as it is called, and without the word for its function."""
    names = [one.name.replace("_", " ")]
    for start in _DETAILS:
        if one.name.startswith(start):
            names.append(one.name.removeprefix(start).replace("_", " "))
    if one.function == "count":
        thing = tables.one(one.place.table).replace("_", " ")
        names = [f"number of {plural(thing)}", f"{thing} count"]
        names += ["headcount"] if thing in ("employee", "person", "worker") else []
    return names


def _group_words(made: Requirements, tables: Tables) -> Iterable[str]:
    for place in made.groups:
        if place.column == tables.key(place.table) or tables.label(place.table) == place:
            yield tables.one(place.table).replace("_", " ")
        else:
            yield place.part or place.column.replace("_", " ")


def _lists(made: Requirements, tables: Tables, inputs: Sequence[Input]) -> Iterable[str]:
    one = tables.one(made.table).replace("_", " ")
    many, thing = plural(one), _thing(made, tables)
    if made.entity == made.table:
        return [f"show {one} 5", f"look up {one} 12", f"what do we know of {one} 3?", f"find {one} 7", f"{one} 2"]
    columns = [place.column.replace("_", " ") for place in made.show[:3]]
    of = f" of {thing} 5" if thing else ""
    said = [phrase for each in made.filters for phrase in _filter_words(each, made, one)] or [""]
    ranged = _range(made)
    said = [ranged] if ranged else said
    found = [
        form.format(many=many, of=of, said=tail)
        for tail in said
        for form in ("list the {many}{of}{said}", "which {many} are there{of}{said}?", "show all {many}{of}{said}",
                     "find {many}{of}{said}")
    ]  # fmt: skip
    if made.order is not None:
        column = made.order.column.replace("_", " ")
        most = "highest" if made.descending else "lowest"
        found[1:1] = [f"which {many}{of} have the {most} {column}?", f"what are the {many}{of} with the {most} "
        f"{column}?",
                      f"who has the {most} {column}?"]  # fmt: skip
    if any(each.comparison == "contains" for each in made.filters):
        found[1:1] = [f"find the {one} Kim", f"look up {one} Kim", f"show me {one} Kim", f"find {one} Jo Marsh"]
    if thing:
        found.insert(1, f"what are the {' and '.join(columns)} of the {many} of {thing} 12?")
    return found


def _filter_words(one: Filter, made: Requirements, thing: str) -> list[str]:
    """Ways to say a filter, with a value for its input."""
    column = one.column.replace("_", " ")
    if isinstance(one.value, bool):
        return [f" that are {'' if one.value else 'not '}{column}"]
    given = next((each for each in made.inputs if each.name == one.input), None)
    value = str(one.value) if given is None else _value(given)
    if given is not None and given.type == "date":
        stem = re.sub(r"[ _](?:on|at|date)$", "", column)
        return [f" {stem} {_DATED.get(one.comparison, 'on')} {value}"]
    if one.comparison in _COMPARED:
        return [f" with a {column} {_COMPARED[one.comparison]} {value}"]
    if one.comparison == "contains":
        return [" called Kim", " with the name Kim"]
    placed = column in ("city", "country", "region", "category")
    return [f" with {column} {value}", f" in {value}" if placed else f" by {column} {value}"]


def _alternating(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Both lists, the second after the first two of the first, so that neither is cut off."""
    return [*first[:3], *second, *first[3:]]
