"""Figures of many things at once: "which properties have a DSCR below 1.25", "the average margin by category"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from roles.builder.understanding.definitions import Definition
from roles.builder.understanding.figures import Figures
from roles.builder.understanding.grouping import (
    FigureOrder,
    Kept,
    read_figure_conditions,
    subject_of,
)
from roles.builder.understanding.implied import average_like
from roles.builder.understanding.overview_words import by_verdict, functions_of, is_filter, order_of, worse_than
from roles.builder.understanding.requirements import Condensed, Figure, Place, Requirements
from roles.builder.understanding.rows import GROUP, read_rows, singular_said
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import DETERMINER, ONE_OF_MANY, Tagged
from roles.engineering.formulas import parse
from roles.engineering.formulas.text import text_of
from roles.engineering.formulas.tree import Binary, Name, Node, walk
from roles.engineering.specification import Filter, Input

__all__ = ["Overview", "overview_of", "read_overview"]

_EVERY = re.compile(
    r"\b(?:of|for|across|among|over)\s+(?:all|each of|every one of|all of)\s+(?:the\s+|our\s+|my\s+|these\s+"
    r"|those\s+)*(?:[a-z]+\s+)?(?P<mark>T\d+)\b"
    r"|\b(?:list|show|display|rank|compare|report|give me|print|tabulate|table of|overview of|ranking "
    r"of)\b[^.;?]*?\b(?:all|every|each)\s+"
    r"(?:the\s+|of the\s+|our\s+|of our\s+)*(?P<other>T\d+)\b"
    rf"|\b(?:all|every|each)\s+(?:the\s+|our\s+)*(?P<third>T\d+)\s+(?:with|and|by|showing|including)\s+{DETERMINER}*[RD]\d+"
)
_THEIR = re.compile(
    rf"\b(?:list|show|display|print|give me|report|rank|compare|tabulate)\s+(?:me\s+"
    rf"|us\s+)?(?:[a-z]+\s+)?{DETERMINER}*(?P<mark>T\d+)\b[^.;?]*?\b(?:their|with|and|by)\s+"
    rf"(?:their\s+|the\s+)?(?:[CTD]\d+\s*(?:,|and)\s*(?:their\s+|the\s+)?)*(?P<figure>[RD]\d+)\b"
)
_GROUPED = re.compile(rf"\b(?:per|by|for each|in each|for every|of each|each)\s+{DETERMINER}*(?P<mark>C\d+)\b")


@dataclass(slots=True)
class Overview:
    """What a request wants of figures of many things; `functions` condense figures, by their names."""

    subject: str
    kept: list[Kept]
    order: FigureOrder | None
    functions: dict[str, str]
    counted: bool
    grouped: bool


def read_overview(
    tagged: Tagged, tables: Tables, figures: Figures, definitions: Sequence[Definition]
) -> Overview | None:
    """What a request wants of its figures beside one value of one thing; None where it wants no more than that."""
    if not figures.places or tables.base([one.table for one in figures.places]) is None:
        return None

    def name_of(mark: str) -> str:
        if mark[0] not in "RD":
            return ""
        meant = tagged.span(mark).best.name
        name = definitions[int(meant[1:])].name if meant.startswith("#") else meant
        return name if name in figures.figures else ""

    subject = subject_of(tagged)
    functions = functions_of(tagged, name_of, figures)
    counted = bool(re.search(r"\bF\d+ (?:of )?(?:the |all |our )*T\d+\b", tagged.text)) and any(
        tagged.span(mark).best.name == "count" for mark in tagged.marks("F")
    )
    asked = [one.name for one in figures.figures.values() if one.asked]

    def kept_of(mark: str) -> str:
        # "orders above 300" are those whose figure is
        return name_of(mark) or (asked[-1] if mark == subject and asked else "")

    kept = read_figure_conditions(tagged, kept_of, lambda match: is_filter(tagged, match)) if subject else []
    kept += worse_than(tagged, name_of) if subject else []
    kept += by_verdict(tagged, figures, name_of) if subject and not kept else []
    order = order_of(tagged, name_of, asked[-1] if asked else "") if subject else None
    grouped = any(
        tables.label(place.table) != place
        for match in _GROUPED.finditer(tagged.text)
        if (place := tagged.column(match["mark"], [one.table for one in figures.places])) is not None
        and not match[0].startswith("by the ")
    )
    base = tables.base([one.table for one in figures.places]) or ""
    when = tables.order(base)
    groups = _things_grouped_by(tagged, tables, base)
    by_things = any(re.match(r"by (?:the )?T|(?:grouped|broken|split|across)", one) for one in groups)
    of_each = any(re.search(r"\b(?:an?|any|given|one) T", one) is None for one in groups)
    # rows of a day each: "per vehicle" is over all of its trips
    dated = when is not None and tables.column(when).type == "date" and not figures.series
    order = order or (order_of(tagged, name_of, asked[-1]) if of_each and asked else None)
    of_one = re.search(rf"\b{ONE_OF_MANY} T\d", tagged.text) is not None
    grouped = grouped or (dated and not of_one and _by_names_of_others(tagged, tables, figures, base))
    grouped = grouped or (by_things and not figures.series) or (of_each and (dated or order is not None))
    listed = next((one for pattern in (_EVERY, _THEIR) for one in pattern.finditer(tagged.text)), None)
    if listed is not None and "mark" in listed.groupdict() and listed["mark"] and listed.re is _THEIR:
        listed = None if singular_said(tagged, listed["mark"]) else listed
    if not (kept or order or functions or grouped or listed):
        return None
    if listed is not None and not subject:
        subject = next((one for one in (listed.groupdict().values()) if one and one[0] == "T"), "")
    return Overview(tagged.table(subject) if subject else "", kept, order, functions, counted and bool(kept), grouped)


def _by_names_of_others(tagged: Tagged, tables: Tables, figures: Figures, base: str) -> bool:
    """Whether figures of dated rows are asked for by the names of what the rows belong to: "by line name"."""
    places = [
        tagged.column(match["mark"], [one.table for one in figures.places]) for match in _GROUPED.finditer(tagged.text)
    ]
    return any(
        place is not None and place.table != base and tables.label(place.table) == place
        and tables.path(base, place.table, upwards=True) is not None
        for place in places
    )  # fmt: skip


def _things_grouped_by(tagged: Tagged, tables: Tables, base: str) -> list[str]:
    """The words that group by things which the rows belong to, each with its mark."""
    return [
        match[0]
        for match in GROUP.finditer(tagged.text)
        if (mark := match["mark"])[0] == "T" and not tagged.by_key(mark) and tagged.table(mark) != base
        and tables.path(base, tagged.table(mark), upwards=True) is not None
    ]  # fmt: skip


def overview_of(tagged: Tagged, tables: Tables, figures: Figures, wanted: Overview) -> Requirements:
    """The requirements of an overview; what databases can't compute is told as not covered."""
    made = Requirements(
        request=tagged.text, kind="data", each=True, figures=tuple(figures.figures.values()),
        bindings=tuple(figures.bindings.values()), missing=tuple(figures.missing),
        assumptions=tuple(dict.fromkeys(figures.assumptions)),
    )  # fmt: skip
    given = [one.name.replace("_", " ") for one in figures.bindings.values() if one.input is not None]
    if given:
        what = f"computing it for many things at once, since the caller would have to give {', '.join(given)} for each"
        return made.model_copy(update={"uncovered": (what,)})
    base = tables.base([one.table for one in figures.places]) or figures.places[0].table
    near = list(dict.fromkeys([base, wanted.subject, *(tagged.table(mark) for mark in tagged.marks("T"))]))
    near = [one for one in near if one]
    grouping = bool(wanted.functions) or wanted.grouped or figures.series
    rows = read_rows(tagged, tables, base, near, grouping=grouping)
    if not grouping and rows.entity and not rows.entity_by_key and not rows.by_label:
        rows.entity = rows.entity if rows.entity != (wanted.subject or base) else ""
    subject = wanted.subject if wanted.subject and tables.path(base, wanted.subject, upwards=True) is not None else ""
    if figures.series and not rows.groups and subject and subject != base:
        label = tables.label(subject)
        rows.groups += [one for one in (label, Place(table=subject, column=tables.key(subject))) if one is not None]
        rows.group_table = subject
    kept = [_scaled(one, figures) for one in wanted.kept]
    made = made.model_copy(update=_common(rows, base))
    if wanted.counted:
        return _with_kept(_counted(made, tables, subject or base), kept, figures)
    if wanted.functions or rows.groups or figures.series:
        made = _condensed(made, tables, figures, wanted, rows)
    else:
        made = made.model_copy(update={"show": _shown(tagged, tables, figures, rows, subject, base)})
    if wanted.order is not None and (made.groups or not wanted.functions):
        made = made.model_copy(update={
            "order_by": wanted.order.figure, "descending": wanted.order.descending, "order": None,
            "limit": wanted.order.limit or rows.limit,
        })  # fmt: skip
    return _with_kept(made, kept, figures)


def _common(rows: Rows, base: str) -> dict[str, object]:
    return {
        "table": base, "entity": rows.entity, "filters": tuple(rows.filters), "compared": tuple(rows.compared),
        "inputs": tuple(rows.inputs), "order": rows.order, "descending": rows.descending, "limit": rows.limit,
    }  # fmt: skip


def _scaled(one: Kept, figures: Figures) -> Kept:
    """The condition with its number in the figure's unit: 70 % of a fraction is 0.7."""
    figure = figures.figures[one.figure]
    hundreds = "100" in figure.expression
    if one.number is None:
        return one
    if one.percent and not hundreds:
        return Kept(one.figure, one.sign, one.number / 100)
    if not one.percent and figure.unit == "fraction" and one.number > 1.5:
        figures.assumptions.append(f"{one.number:g} for {one.figure.replace('_', ' ')} is meant in percent")
        return Kept(one.figure, one.sign, one.number / 100)
    return one


def _with_kept(made: Requirements, kept: Sequence[Kept], figures: Figures) -> Requirements:
    filters, inputs = list(made.filters), list(made.inputs)
    place = figures.places[0]
    for one in kept:
        given = {"table": place.table, "column": place.column, "comparison": one.sign, "figure": one.figure}
        if one.number is None:
            name = f"limit_of_{one.figure}"[:48]
            inputs.append(Input(name=name, type="number", description=name.replace("_", " ").capitalize()))
            filters.append(Filter.model_validate(given | {"input": name}))
        else:
            filters.append(Filter.model_validate(given | {"value": one.number}))
    return made.model_copy(update={
        "filters": tuple(filters), "inputs": tuple(inputs), "assumptions": tuple(dict.fromkeys(figures.assumptions)),
    })  # fmt: skip


def _counted(made: Requirements, tables: Tables, subject: str) -> Requirements:
    """How many things there are whose figures keep the conditions."""
    one = Condensed(
        name=f"{tables.one(subject)}_count"[:48],
        function="count",
        place=Place(table=subject, column=tables.key(subject)),
    )
    steps = tuple(figure.model_copy(update={"asked": False}) for figure in made.figures)
    return made.model_copy(update={"condensed": (one,), "figures": steps})


def _shown(tagged: Tagged, tables: Tables, figures: Figures, rows: Rows, subject: str, base: str) -> tuple[Place, ...]:
    """What tells the things apart, what else is asked for, and the time of each row."""
    parents = [join.right_table for join in tables.joins if join.left_table == base]
    of = subject or (parents[0] if len(parents) == 1 and tables.label(base) is None else base)
    label = tables.label(of)
    found = [label if label is not None else Place(table=of, column=tables.key(of))]
    bound = figures.places
    for mark in tagged.marks("C"):
        if int(mark[1:]) in tagged.used and mark not in rows.shown:
            continue
        place = tagged.column(mark, [of, base])
        if place is not None and place not in bound and tables.path(base, place.table, upwards=True) is not None:
            found.append(place)
            tagged.use(mark)
    moment = tables.order(base)
    if base != of and moment is not None:
        found.append(moment)
    return tuple(dict.fromkeys(found))


def _condensed(made: Requirements, tables: Tables, figures: Figures, wanted: Overview, rows: Rows) -> Requirements:
    """Figures condensed by groups, or over all rows."""
    found: list[Figure] = []
    assumptions = figures.assumptions
    for one in made.figures:
        function = wanted.functions.get(one.name, "")
        kind, _, rank = function.partition(" ")
        if one.asked and kind:
            kind, rank = ("percentile", rank or "50") if kind in ("median", "percentile") else (kind, "")
            name = {"mean": "average", "sum": "total", "percentile": "median" if rank == "50" else "percentile"}.get(
                kind, kind
            )
            given = {
                "name": f"{name}_{one.name}"[:48], "expression": one.name, "aggregate": kind, "unit": one.unit,
                "rank": float(rank) if rank else None, "title": f"{name.capitalize()} {one.title.lower()}",
            }  # fmt: skip
            found += [one.model_copy(update={"asked": False}), Figure.model_validate(given)]
        elif one.asked and not parse(one.expression, scalars=[*figures.figures]).series_names:
            found.append(_of_totals(one, figures, assumptions))
        else:
            found.append(one)
    return made.model_copy(update={"figures": tuple(found), "groups": tuple(rows.groups) if not rows.entity else ()})


def _of_totals(one: Figure, figures: Figures, assumptions: list[str]) -> Figure:
    """A ratio of groups is that of the totals, an amount the total; where only prices and rates meet, the mean."""
    expanded = _expanded(one.expression, figures)
    tree = parse(expanded).tree
    places = [figures.bindings[name].place for name in parse(expanded).names if name in figures.bindings]
    alike = bool(places) and all(place is not None and average_like(place) for place in places)
    divides = any(isinstance(node, Binary) and node.operator == "/" for node in walk(tree))
    told = one.name.replace("_", " ")
    if divides and alike:
        assumptions.append(f"the {told} of a group is the mean of those of its rows")
        return one.model_copy(update={"expression": f"mean({expanded})"})
    assumptions.append(f"the {told} of a group is {'that of the totals' if divides else 'the total of its rows'}")
    return one.model_copy(update={"expression": _totals(tree)})


def _expanded(expression: str, figures: Figures) -> str:
    """The formula with its steps in the place of their names."""

    def step(node: Node) -> str | None:
        if isinstance(node, Name) and node.name in figures.figures:
            return f"({_expanded(figures.figures[node.name].expression, figures)})"
        return None

    return text_of(parse(expression, scalars=[*figures.figures, *figures.bindings]).tree, step)


def _totals(node: Node) -> str:
    names = any(isinstance(one, Name) for one in walk(node))
    divides = any(isinstance(one, Binary) and one.operator == "/" for one in walk(node))
    if not names:
        return text_of(node)
    if not divides:
        return f"sum({text_of(node)})"
    if isinstance(node, Binary):
        return f"({_totals(node.left)} {node.operator} {_totals(node.right)})"
    return f"mean({text_of(node)})"
