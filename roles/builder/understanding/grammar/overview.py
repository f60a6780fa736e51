"""Requests for figures of many things: by groups, of each row, or over all rows."""

from __future__ import annotations

from dataclasses import replace

from roles.builder.understanding.grammar.adjusted import rounded
from roles.builder.understanding.grammar.calculating import in_hundreds
from roles.builder.understanding.grammar.denying import rows_left_out
from roles.builder.understanding.grammar.directions import higher_first
from roles.builder.understanding.grammar.filtering import Filters
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Binary,
    ColumnRef,
    Condition,
    Count,
    Expression,
    Named,
    Number,
    Order,
    Query,
    Ratio,
    Rounded,
    Share,
    Thing,
)  # fmt: skip
from roles.builder.understanding.grammar.forms import Figure as SaidFigure
from roles.builder.understanding.grammar.formulas import Formulas
from roles.builder.understanding.grammar.joint_filters import is_presence, plain_groups
from roles.builder.understanding.grammar.keys import Keys, beside, keys_of
from roles.builder.understanding.grammar.listing import parents_of
from roles.builder.understanding.grammar.naming_figures import figure_name
from roles.builder.understanding.grammar.resolving import Resolver, Unfit, aggregates
from roles.builder.understanding.grammar.rows_beside import beside_rows, ordered_by_rows, with_rows_shown
from roles.builder.understanding.grammar.totals import Totals
from roles.builder.understanding.overview_queries import unasked
from roles.builder.understanding.requirements import Condensed, Figure, Place, Requirements
from roles.builder.understanding.words import identifier, plural
from roles.engineering.specification import Filter

__all__ = ["is_of_figures", "kept_by_figures", "ordered_by_figures", "overview", "presence_told", "with_counted"]


def overview(query: Query, resolver: Resolver) -> Requirements:
    """The requirements of figures of many things. Raises `Unfit`, `Unclear`."""
    if query.rules:
        raise Unfit("rules are of one thing", where="request")
    query = _with_counts_kept(with_counted(query, resolver), resolver)
    base = _base(query, resolver)
    query = rows_left_out(query, base)
    tables = parents_of(resolver, base)
    formulas = Formulas(resolver, base, tables)
    expanded = [replace(one, value=formulas.expanded(one.value)) for one in query.figures]
    keys = keys_of(query, resolver, base, [one.value for one in expanded])
    filters = Filters(resolver, tables)
    present = presence_told(query)
    rows = [one for one in query.conditions if one in present or not is_of_figures(one)]
    for told in rows:
        filters.add(told)
    figures, moved = _moved(expanded)
    for told in moved:
        filters.add(told)
    if {*(one.table for one in filters.filters), *(name for one in filters.groups for name in one.tables)} - {*tables}:
        raise Unfit("there may be several for each row", where="request")
    grouped = bool(keys.places) or query.added_up or any(aggregates(one.value) for one in figures)
    totals = Totals(resolver, base, keys.thing)
    values = [totals.of(one.value) if grouped else one.value for one in figures]
    names = _names(query, resolver, formulas)
    rows_shown = [] if grouped else beside_rows(query, resolver, base, tables)
    if grouped:
        keys.places += [one for one in beside(query, resolver, keys, base) if one not in keys.places]
    made = Requirements(
        request="", kind="data", table=base, entity=query.entity.table if query.entity else "",
        filters=tuple(filters.filters), filter_groups=plain_groups(filters.groups),
        compared=tuple(filters.compared), inputs=tuple(filters.inputs),
        groups=tuple(keys.places) if grouped else (),
        links=tuple(keys.links),
    )  # fmt: skip
    if query.entity and resolver.tables.path(base, query.entity.table, upwards=True) is None:
        raise Unfit("the rows don't belong to it", where="request")
    simple = (
        grouped
        and query.rounded is None
        and all(_simple(one, figure.percent, resolver) for one, figure in zip(values, figures, strict=True))
    )
    if simple:
        made = made.model_copy(
            update={
                "condensed": tuple(_condensed(one, name, resolver) for one, name in zip(values, names, strict=True))
            }
        )
    else:
        made = _computed(made, list(zip(values, names, figures, strict=True)), formulas, keys, query.rounded,
                         grouped=grouped)  # fmt: skip
    made = with_rows_shown(made, query, resolver, rows_shown)
    made = kept_by_figures(made, query, names, figures, values, simple=simple)
    made = ordered_by_rows(made, query, resolver) or ordered_by_figures(made, query, names, resolver)
    made = _with_empty(made, query, resolver, keys, simple=simple)
    if not simple and unasked(made):
        raise Unfit("databases can't compute it", where="request")
    notes = [*filters.assumptions, *formulas.assumptions, *_notes(query, values, names, keys, grouped=grouped)]
    return made.model_copy(update={"assumptions": (*made.assumptions, *dict.fromkeys(notes))})


def _notes(query: Query, values: list[Expression], names: list[str], keys: Keys, *, grouped: bool) -> list[str]:
    """What people have to know of the figures."""
    notes: list[str] = []
    if len(query.figures) > 1 and (few := [one.table for one in query.conditions if one.kind == "has" and one.where]):
        notes.append(f"the other figures are of all {few[0].replace('_', ' ')}, not only of those counted")
    if any(isinstance(one, Binary) and one.operator == "/" for one in values) and keys.places and grouped:
        notes += [f"the {name.replace('_', ' ')} of a group is that of the totals" for name in names[:1]]
    return notes


def with_counted(query: Query, resolver: Resolver) -> Query:
    """ "No-shows of each practitioner" are visits, if theirs are the only rows whose state can be said."""
    found: list[SaidFigure] = []
    for one in query.figures:
        if isinstance(one.value, Count) and not one.value.table:
            things = [each.table for each in query.groups if isinstance(each, Thing)]
            tables = [
                name for name in resolver.tables.tables
                if things and name != things[0] and resolver.linker.stated(name) is not None
                and resolver.tables.foreign_key(name, things[0]) is not None
            ]  # fmt: skip
            if len(tables) != 1:
                raise Unfit("it is not said what is counted", where="request")
            one = replace(one, value=replace(one.value, table=tables[0]))
        found.append(one)
    return replace(query, figures=tuple(found))


def _with_counts_kept(query: Query, resolver: Resolver) -> Query:
    """With the counts that conditions are of: "more than one open case, with the number of cases" tells both."""
    counts = {
        Count(one.table, one.where): " ".join([*(value for told in one.where for value in told.values),
                                               resolver.tables.one(one.table).replace("_", " "), "count"])
        for one in query.conditions if one.kind == "has" and one.where and not is_presence(one)
    }  # fmt: skip
    known = [one.value for one in query.figures]
    more = [SaidFigure(value, name.lower()) for value, name in counts.items() if value not in known]
    return replace(query, figures=(*query.figures, *more)) if query.figures else query


def _base(query: Query, resolver: Resolver) -> str:
    counted = list(dict.fromkeys(resolver.counted_of(query.figures)))
    if len(counted) > 1:
        raise Unfit("rows of two tables are counted", where="request")
    wanted = [*counted, *(resolver.place(one, counted).table for one in resolver.columns_of(query.figures))]
    wanted += [resolver.place(one, counted).table for one in query.groups if isinstance(one, ColumnRef)]
    scratch = Formulas(resolver, "", [])
    for one in query.figures:
        if isinstance(one.value, Ratio):
            wanted += [place.table for place in scratch.places_of(one.value)]
    base = resolver.tables.base(wanted) if wanted else None
    if base is None or (counted and base != counted[0]):
        raise Unfit("the columns don't belong together", where="request")
    if any(resolver.tables.path(base, one, upwards=True) is None for one in wanted):
        raise Unfit("the columns don't belong together", where="request")
    return base


def is_of_figures(told: Condition) -> bool:
    """Whether a condition is one of figures, not of rows."""
    return told.kind == "has" or (told.kind == "compare" and (
        (isinstance(told.left, Named) and told.left.words == "figure")
        or isinstance(told.left, Aggregate | Count | Share | Binary | Ratio)
    ))  # fmt: skip


def presence_told(query: Query) -> list[Condition]:
    """The conditions that there are such rows, or none, which no figure of the request counts."""
    counted = [one.value for one in query.figures]
    return [one for one in query.conditions if is_presence(one) and Count(one.table, one.where) not in counted]


def _moved(figures: list[SaidFigure]) -> tuple[list[SaidFigure], list[Condition]]:
    """The conditions of the only figure are those of the rows."""
    if len(figures) != 1:
        return figures, []
    value = figures[0].value
    if isinstance(value, Count | Aggregate) and value.where:
        return [replace(figures[0], value=replace(value, where=()))], list(value.where)
    if isinstance(value, Share) and value.base:
        return [replace(figures[0], value=replace(value, base=()))], list(value.base)
    return figures, []


def _names(query: Query, resolver: Resolver, formulas: Formulas) -> list[str]:
    taken = set(formulas.bindings)
    return [figure_name(one, resolver, taken) for one in query.figures]


def _simple(one: Expression, percent: bool, resolver: Resolver) -> bool:
    if percent or getattr(one, "where", ()):
        return False
    if isinstance(one, Count):
        return True
    if not isinstance(one, Aggregate):
        return False
    of = one.of
    if isinstance(of, ColumnRef):
        return True
    if not isinstance(of, Binary) or of.operator != "*":
        return False
    factors = [resolver.place(each) for each in (of.left, of.right) if isinstance(each, ColumnRef)]
    return len(factors) == 2 and factors[0].table == factors[1].table


def _condensed(one: Expression, name: str, resolver: Resolver) -> Condensed:
    if isinstance(one, Count):
        return Condensed(
            name=name, function="count", place=Place(table=one.table, column=resolver.tables.key(one.table))
        )
    if not isinstance(one, Aggregate):
        raise Unfit("it is nothing that is put together", where="request")
    kind, _, rank = one.function.partition(" ")
    given: dict[str, object] = {"name": name, "function": "percentile" if kind in ("median", "percentile") else kind}
    given["rank"] = float(rank or 50) if given["function"] == "percentile" else None
    parts = (
        [one.of] if isinstance(one.of, ColumnRef) else [one.of.left, one.of.right] if isinstance(one.of, Binary) else []
    )
    places = [resolver.place(part) for part in parts if isinstance(part, ColumnRef)]
    if any(resolver.kind(place) not in ("number", "integer") or resolver.tables.is_key(place) for place in places):
        raise Unfit("only numbers are added up", where="request")
    given |= {"place": places[0], "times": places[1] if len(places) > 1 else None}
    return Condensed.model_validate(given)


def _computed(
    made: Requirements,
    given: list[tuple[Expression, str, SaidFigure]],
    formulas: Formulas,
    keys: Keys,
    way: Rounded | None,
    *,
    grouped: bool,
) -> Requirements:
    figures: list[Figure] = []
    for value, name, figure in given:
        text = formulas.text(value)
        percent = figure.percent and not in_hundreds(text)
        title = (figure.name or name.replace("_", " ")).capitalize()
        text = rounded(f"{text} * 100" if percent else text, way, by_database=True)
        figures.append(Figure(name=name, expression=text, title=title,
                              unit="percent" if figure.percent else ""))  # fmt: skip
    if set(formulas.bindings) & {one.name for one in figures}:
        raise Unfit("a figure has the name of a column", where="request")
    shown: tuple[Place, ...] = ()
    if not grouped:
        resolver = formulas.resolver
        label = resolver.tables.label(made.table)
        parents = [one for one in parents_of(resolver, made.table)[1:] if resolver.tables.label(one)]
        order = resolver.tables.order(made.table)
        first = label or (resolver.tables.label(parents[0]) if parents else None)
        key = Place(table=made.table, column=resolver.tables.key(made.table))
        shown = tuple(
            one
            for one in (
                first or key,
                *([key] if label is None else []),
                *([order] if order and label is None else []),
            )
            if one
        )
    return made.model_copy(update={
        "each": True, "figures": (*figures, *formulas.looks.values()), "bindings": tuple(formulas.bindings.values()),
        "show": tuple(dict.fromkeys(shown)),
    })  # fmt: skip


def kept_by_figures(
    made: Requirements,
    query: Query,
    names: list[str],
    figures: list[SaidFigure],
    values: list[Expression],
    *,
    simple: bool,
) -> Requirements:
    """With the conditions that figures have to keep."""
    kept: list[Filter] = list(made.filters)
    present = presence_told(query)
    for told in query.conditions:
        if told in present or not is_of_figures(told):
            continue
        if told.kind == "has":
            counted = [
                name
                for name, one in zip(names, query.figures, strict=True)
                if one.value == Count(told.table, told.where)
            ]
            if not counted:
                raise Unfit("how many there are is no figure", where="request")
            index = names.index(counted[0])
        elif isinstance(told.left, Named):
            if (len(names) != 1 and not query.first_counts) or (
                told.table and told.table not in _grouped_things(query)
            ):
                raise Unfit("it is not said of which figure", where="request")
            index = 0
        else:
            index = next((at for at, one in enumerate(query.figures) if one.value == told.left), -1)
            if index < 0:
                raise Unfit("it is no figure of the request", where="request")
        place = _place(made, index)
        for sign, number in ((told.sign, told.right), ("<=", told.high)):
            if number is None:
                continue
            if not isinstance(number, Number):
                raise Unfit("callers can't give it here", where="request")
            percent = figures[index].percent or (not simple and in_hundreds(made.figures[index].expression))
            value = number.value / (100 if number.percent and not percent else 1)
            kept.append(Filter.model_validate({"table": place.table, "column": place.column, "comparison": sign,
                                               "figure": names[index], "value": value}))  # fmt: skip
    return made.model_copy(update={"filters": tuple(kept)})


def _grouped_things(query: Query) -> list[str]:
    return [one.table for one in query.groups if isinstance(one, Thing)] or [query.subject]


def _place(made: Requirements, index: int) -> Place:
    if made.condensed:
        return made.condensed[index].place
    return next(one.place for one in made.bindings if one.place is not None)


def ordered_by_figures(made: Requirements, query: Query, names: list[str], resolver: Resolver) -> Requirements:
    """In the order that the request tells of its figures. Raises `Unfit`."""
    if not query.orders:
        return made
    if len(query.orders) != 1 or (not made.groups and not made.each):
        raise Unfit("two orders", where="request")
    (one,) = query.orders
    if (
        one.limit
        and query.subject
        and any(key != Thing(query.subject) and getattr(key, "table", "") != query.subject for key in query.groups)
    ):
        raise Unfit("so many of each group are beyond one query", where="request")
    index = _index(one, query, names, resolver)
    down = higher_first(one.way, query.figures[index], names[index])
    return made.model_copy(update={"order_by": names[index], "descending": down, "limit": one.limit or made.limit})


def _index(one: Order, query: Query, names: list[str], resolver: Resolver) -> int:
    if isinstance(one.by, Named):
        wanted = identifier(one.by.words)
        found = [at for at, name in enumerate(names) if name == wanted]
        if not found and query.first_counts and wanted == "growth":
            return 0
        if not found and wanted == "duration":
            found = [
                at for at, name in enumerate(names) if name.rpartition("_")[2] in ("days", "weeks", "months", "years")
            ]
        if not found:
            raise Unfit("it is not ordered by a figure", where="request")
        return found[0]
    if isinstance(one.by, ColumnRef):
        place = resolver.place(one.by)
        found = [at for at, figure in enumerate(query.figures)
                 if place in [resolver.place(each) for each in resolver.columns_of([figure])]]  # fmt: skip
        if len(found) != 1:
            raise Unfit("it is not ordered by a figure", where="request")
        return found[0]
    if one.by is not None:
        return next(at for at, figure in enumerate(query.figures) if figure.value == one.by)
    if one.of == "time" or (one.of == "price" and len(names) != 1):
        raise Unfit("figures have no such order", where="request")
    return 0


def _with_empty(made: Requirements, query: Query, resolver: Resolver, keys: Keys, *, simple: bool) -> Requirements:
    """Counts of each thing hold those with none as 0, where nothing else restricts the rows."""
    having = [one for one in made.filters if one.figure]
    few = any(one.comparison in ("<", "<=", "=") for one in having)
    counts = simple and len(made.condensed) == 1 and made.condensed[0].function == "count"
    if query.empty_too and simple and any(one.function == "count" for one in made.condensed):
        # of things without rows nothing is added up
        counts = all(one.function in ("count", "sum") and one.place.table == made.table for one in made.condensed)
    if not counts or not keys.thing:
        if query.empty_too:
            raise Unfit("only counts are 0 where there is nothing", where="request")
        return made
    free = len(having) == len(made.filters) and not (made.compared or made.filter_groups or made.entity) and len(
        {one.table for one in keys.places}
    ) == 1  # fmt: skip
    if free and (keys.each or query.empty_too or few) and not (having and not few):
        return made.model_copy(update={"table": keys.thing, "every": True})
    if query.empty_too or few:
        raise Unfit("things with none would be missing", where="request")
    things, counted = plural(resolver.tables.one(keys.thing)), plural(resolver.tables.one(made.table))
    if having:
        return made
    return made.model_copy(update={"assumptions": (f"{things} without such {counted} are left out".replace("_", " "),)})
