"""Requests for figures of one thing that a caller names, with what passes."""

from __future__ import annotations

from dataclasses import replace

from roles.builder.understanding.grammar.adjusted import rounded
from roles.builder.understanding.grammar.filtering import Filters
from roles.builder.understanding.grammar.forms import ColumnRef, Query, Ratio, Rounded, Thing
from roles.builder.understanding.grammar.forms import Figure as SaidFigure
from roles.builder.understanding.grammar.forms import Rule as SaidRule
from roles.builder.understanding.grammar.formulas import Formulas
from roles.builder.understanding.grammar.joint_filters import plain_groups
from roles.builder.understanding.grammar.listing import parents_of
from roles.builder.understanding.grammar.naming_figures import figure_name
from roles.builder.understanding.grammar.resolving import (
    Beyond,
    Resolver,
    Unfit,
    aggregates,
    inner_aggregates,
    inner_columns,
)
from roles.builder.understanding.grammar.row_totals import over_its_rows
from roles.builder.understanding.requirements import Figure, Place, Requirements
from roles.engineering.formulas import parse
from roles.engineering.formulas.ratios import RATIOS
from roles.engineering.specification import Rule

__all__ = ["calculation", "in_hundreds", "rules_of"]

_WORDS = {">=": "at least", "<=": "at most", ">": "above", "<": "below", "=": "exactly", "!=": "not"}


def calculation(query: Query, resolver: Resolver, entity: Thing) -> Requirements:
    """The requirements of figures of one thing. Raises `Unfit`, `Unclear`."""
    if query.orders or query.empty_too:
        raise Unfit("one thing has no order", where="request")
    wanted = [*resolver.counted_of(query.figures)]
    wanted += [resolver.place(one, [*wanted[:1], entity.table]).table for one in resolver.columns_of(query.figures)]
    ratios = [one.value for one in query.figures if isinstance(one.value, Ratio)]
    base = resolver.tables.base([*dict.fromkeys(wanted), entity.table]) if wanted else None
    if base is None and not ratios:
        raise Unfit("the columns don't belong together", where="request")
    added_up: tuple[str, ...] = ()
    if base and query.entity is not None:
        query, added_up = over_its_rows(query, resolver, base, entity.table)
    tables = parents_of(resolver, base) if base else []
    formulas = Formulas(resolver, base or entity.table, tables or [entity.table])
    figures = _figures(query, formulas, resolver)
    base = resolver.tables.base([*(one.place.table for one in formulas.bindings.values() if one.place), entity.table])
    if base is None or resolver.tables.path(base, entity.table, upwards=True) is None:
        raise Unfit("the columns don't belong to the thing", where="request")
    apart = [one.place.table for one in formulas.bindings.values() if one.place is not None
             and resolver.tables.path(base, one.place.table, upwards=True) is None]  # fmt: skip
    if apart:
        raise Beyond(f"putting figures over the rows of {base} and {apart[0]} side by side", where="request")
    if query.rules and any(one.kind == "compare" and isinstance(one.left, ColumnRef) for one in query.conditions):
        raise Unfit("a limit of a column beside what passes", where="request")
    filters = Filters(resolver, parents_of(resolver, base))
    for told in query.conditions:
        filters.add(told)
    names = [one.name for one in figures]
    series = any(parse(one.expression, scalars=names).series_names for one in figures)
    if series:
        _of_many_rows(query, resolver, base, entity)
    order, notes = _latest(resolver, base, entity.table, series=series, ratios=bool(ratios))
    shown = [resolver.place(one, [base]) for one in query.shown]
    if shown and series:
        raise Unfit("columns beside figures of many rows", where="request")
    for place in shown:
        formulas.name(place)
    rules = rules_of(query.rules, figures, query.figures)
    usual, told = _usual(figures) if not rules else ((), ())
    return Requirements(
        request="", kind="calculation", table=base, entity=entity.table, figures=tuple(figures),
        bindings=tuple(formulas.bindings.values()), filters=tuple(filters.filters),
        filter_groups=plain_groups(filters.groups), compared=tuple(filters.compared),
        inputs=tuple(filters.inputs), order=order, descending=not series, rules=(*rules, *usual),
        assumptions=tuple(dict.fromkeys([*formulas.assumptions, *filters.assumptions, *notes, *told, *added_up])),
    )  # fmt: skip


def _of_many_rows(query: Query, resolver: Resolver, base: str, entity: Thing) -> None:
    """Raises `Unfit`, `Beyond` where the figures can't all be put together of several rows."""
    _once(query, resolver, base)
    if base == entity.table:
        raise Unfit("there is one row only", where="request")
    if not all(aggregates(one.value) or isinstance(one.value, Ratio) for one in query.figures):
        raise Unfit("figures of one row beside those of many", where="request")


def _once(query: Query, resolver: Resolver, base: str) -> None:
    """Raises `Beyond` where totals of two tables are wanted: rows of one would count several times, or not at all."""
    for one in (each for figure in query.figures for each in inner_aggregates(figure.value)):
        tables = {resolver.place(column, [base]).table for column in inner_columns(one.of)}
        if base not in tables:
            names = " and ".join(sorted({base, *tables}))
            raise Beyond(f"putting figures over the rows of {names} side by side", where="request")


def _latest(
    resolver: Resolver, base: str, entity: str, *, series: bool, ratios: bool
) -> tuple[Place | None, list[str]]:
    """The order in which the latest of several rows for one thing comes first, with a note on it."""
    if base == entity:
        return None, []
    order = resolver.tables.order(base)
    if series:
        return order, []
    if order is None:
        links = [one.right_table for one in resolver.tables.joins if one.left_table == base]
        if links != [entity]:
            raise Unfit("there may be several rows for one thing", where="request")
        return None, []
    if resolver.kind(order) == "date" and not ratios:
        raise Unfit("there may be several rows for one thing", where="request")
    return order, [f"of several rows of {base} for one thing the latest by {order.column} counts"]


def _figures(query: Query, formulas: Formulas, resolver: Resolver) -> list[Figure]:
    taken: set[str] = set()
    made: list[Figure] = []
    for one in query.figures:
        text = formulas.text(one.value)
        if isinstance(one.value, Ratio) and not one.percent:
            continue
        name = figure_name(one if not isinstance(one.value, Ratio) else replace(one, name=f"{one.value.name}_percent"),
                           resolver, taken | set(formulas.bindings) | set(formulas.steps))  # fmt: skip
        taken.add(name)
        made.append(_made(one, name, text, query.rounded))
    steps = [_asked(one, query) for one in formulas.steps.values()]
    return [*steps, *made]


def _asked(step: Figure, query: Query) -> Figure:
    plain = {one.value.name for one in query.figures if isinstance(one.value, Ratio) and not one.percent}
    return step.model_copy(update={"asked": step.name.removesuffix("_computed") in plain})


def _made(one: SaidFigure, name: str, text: str, way: Rounded | None) -> Figure:
    percent = one.percent and not in_hundreds(text)
    text = text[1:-1] if text.startswith("(") and _closes(text) and not percent else text
    expression = rounded(f"{text} * 100" if percent else text, way)
    title = one.name.capitalize() if one.name else name.replace("_", " ").capitalize()
    source = "Given in the request" if not isinstance(one.value, Ratio) else ""
    return Figure(name=name, expression=expression, title=title, unit="percent" if one.percent else "", source=source)


def _closes(text: str) -> bool:
    """Whether the first bracket is closed by the last one."""
    depth = 0
    for at, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return at == len(text) - 1
    return False


def in_hundreds(text: str) -> bool:
    """Whether a formula gives percent already."""
    return "* 100" in text or "100 *" in text


def rules_of(said: tuple[SaidRule, ...], figures: list[Figure], wanted: tuple[SaidFigure, ...]) -> tuple[Rule, ...]:
    """The rules of figures. Raises `Unfit` where it is not clear which figure one is of."""
    asked = [one for one in figures if one.asked]
    steps = {name for one in asked for name in parse(one.expression).names}
    ends = [one for one in asked if one.name not in steps] or asked
    made: dict[str, Rule] = {}
    for one in said:
        if len(ends) != 1 and one.of is None:
            raise Unfit("it is not said of which figure", where="request")
        for figure in ends:
            key, rule = _rule(one, figure)
            if key in made:
                raise Unfit("two limits of one kind", where="request")
            made[key] = rule
    return tuple(made.values())


def _rule(one: SaidRule, figure: Figure) -> tuple[str, Rule]:
    """A rule for a figure, with a name for it."""
    scaled = in_hundreds(figure.expression)
    limit = one.limit.value / (100 if one.limit.percent and not scaled else 1)
    if not one.limit.percent and figure.unit == "fraction" and limit > 1.5:
        limit /= 100
    shown = f"{one.limit.value:g} %" if one.limit.percent else f"{limit:g}"
    key = one.name or f"{figure.name[:36]}_{'minimum' if '>' in one.sign else 'maximum'}"
    sign = "==" if one.sign == "=" else one.sign
    text = f"The {figure.title[:1].lower() + figure.title[1:]} is {_WORDS[one.sign]} {shown}"
    text += f"; else it is {one.name}" if one.name else ""
    return key, Rule(name=key, expression=f"{figure.name} {sign} {limit:.12g}", description=text)


def _usual(figures: list[Figure]) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    rules: list[Rule] = []
    notes: list[str] = []
    for one in figures:
        usual = RATIOS[one.name].usual if one.asked and one.name in RATIOS else ""
        if usual:
            rules.append(
                Rule(name=f"{one.name}_usual"[:48], expression=usual, description=f"Usual of lenders: {usual}")
            )
            notes.append(f"passes when {usual}, which is usual; say another limit to change it")
    return tuple(rules), tuple(notes)
