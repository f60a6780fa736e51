"""Figures over several sets of rows: each is put together by itself, then side by side with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from roles.builder.understanding.grammar.calculating import in_hundreds, rules_of
from roles.builder.understanding.grammar.filtering import Filters
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Around,
    Binary,
    ColumnRef,
    Condition,
    Count,
    Expression,
    Number,
    Query,
    Share,
    Thing,
)  # fmt: skip
from roles.builder.understanding.grammar.forms import Figure as SaidFigure
from roles.builder.understanding.grammar.formulas import Formulas
from roles.builder.understanding.grammar.keys import RANKS
from roles.builder.understanding.grammar.naming_figures import figure_name
from roles.builder.understanding.grammar.overview import (
    is_of_figures,
    kept_by_figures,
    ordered_by_figures,
    presence_told,
    with_counted,
)
from roles.builder.understanding.grammar.resolving import Resolver, Unfit, inner_aggregates, inner_columns, parents_of
from roles.builder.understanding.grammar.windows_said import window_name
from roles.builder.understanding.implied import average_like
from roles.builder.understanding.requirements import Binding, Figure, Place, Requirements, RowsApart
from roles.builder.understanding.words import column_identifier, plural, words_of_name
from roles.engineering.specification import Filter, Input

__all__ = ["is_of_two_levels", "side_by_side"]

_HEADS = {"sum": "total", "mean": "average", "count": "count", "minimum": "lowest", "maximum": "highest"}
_KINDS = frozenset({"sum", "mean", "median", "minimum", "maximum", "stdev", "variance", "percentile", "distinct"})


def side_by_side(query: Query, resolver: Resolver) -> Requirements:
    """The requirements of figures over several sets of rows. Raises `Unfit`, `Unclear`."""
    if query.empty_too or query.added_up:
        raise Unfit("columns beside figures of several sets of rows", where="request")
    query = _with_amounts(with_counted(query, resolver), resolver)
    entity = query.entity.table if query.entity is not None and not query.groups else ""
    if query.entity is not None and not entity:
        raise Unfit("one thing has no groups", where="request")
    if (query.rules and not entity) or (entity and query.orders):
        raise Unfit("rules are of one thing", where="request")
    groups = query.groups or ((Thing(query.subject, "all"),) if query.subject and not entity else ())
    apart = _Apart(query, resolver, (Thing(entity),) if entity else groups)
    expand = Formulas(resolver, "", []).expanded
    said = [replace(one, value=expand(one.value)) for one in query.figures]
    names, figures = apart.figures(said)
    if len(apart.sets) < 2:
        raise Unfit("there is one set of rows only", where="request")
    if entity:
        return _of_one(query, apart, entity, figures)
    made = Requirements(
        request="", kind="data", table=apart.groups_table, groups=apart.keys_of(apart.spine or apart.sets[0].table, ""),
        bindings=tuple(apart.bindings.values()), figures=(*figures, *apart.looks.values()), each=True,
        sets=apart.whole_sets(),
    )  # fmt: skip
    values = [one.value for one in said]
    plain = replace(query, conditions=tuple(one for one in query.conditions if is_of_figures(one)))
    made = kept_by_figures(made, plain, names, said, values, simple=False)
    made = ordered_by_figures(made, query, names, resolver)
    return made.model_copy(update={"inputs": tuple(apart.inputs), "assumptions": apart.notes()})


def _with_amounts(query: Query, resolver: Resolver) -> Query:
    """ "Show billed hours, available hours and the ratio": columns beside figures are their totals. Raises `Unfit`."""
    if not query.shown:
        return query
    places = [resolver.place(one) for one in query.shown]
    if any(resolver.kind(one) not in ("number", "integer") or resolver.tables.is_key(one) for one in places):
        raise Unfit("columns beside figures of several sets of rows", where="request")
    shown = tuple(SaidFigure(one) for one in query.shown)
    return replace(query, figures=(*query.figures, *shown), shown=(), first_counts=len(query.figures) == 1)


def is_of_two_levels(query: Query, resolver: Resolver) -> bool:
    """Whether a figure is made of what a thing has itself and of what its rows add up to: "budget less expenses"."""
    things = [one.table for one in query.groups if isinstance(one, Thing)] or [query.subject]
    if query.entity is not None or len(things) != 1 or not things[0]:
        return False
    for figure in query.figures:
        own = [one for one in _bare_columns(figure.value) if resolver.place(one).table == things[0]]
        rows = [one for one in _bare_columns(figure.value) if _is_below(resolver, things[0], resolver.place(one).table)]
        if own and (rows or any(True for _ in inner_aggregates(figure.value))):
            return True
    return False


def _is_below(resolver: Resolver, thing: str, table: str) -> bool:
    return table != thing and resolver.tables.path(table, thing, upwards=True) is not None


def _bare_columns(one: Expression) -> list[ColumnRef]:
    match one:
        case ColumnRef():
            return [one]
        case Binary(left=left, right=right):
            return [*_bare_columns(left), *_bare_columns(right)]
        case _:
            return []


def _of_one(query: Query, apart: _Apart, entity: str, figures: list[Figure]) -> Requirements:
    """A calculation for the one thing that a caller names."""
    present = presence_told(query)
    if any(is_of_figures(one) and one not in present for one in query.conditions) or apart.looks:
        raise Unfit("one thing is not left out", where="request")
    rules = rules_of(query.rules, figures, query.figures)
    return Requirements(
        request="", kind="calculation", table=entity, entity=entity, bindings=tuple(apart.bindings.values()),
        figures=tuple(figures), sets=apart.whole_sets(), rules=rules, inputs=tuple(apart.inputs),
        assumptions=apart.notes(),
    )  # fmt: skip


@dataclass(slots=True)
class _Apart:
    """Sets of rows being gathered, and the names of what is read of them."""

    query: Query
    resolver: Resolver
    groups: Sequence[ColumnRef | Thing | str]
    sets: list[RowsApart] = field(default_factory=list[RowsApart])
    bindings: dict[str, Binding] = field(default_factory=dict[str, Binding])
    looks: dict[str, Figure] = field(default_factory=dict[str, Figure])
    inputs: list[Input] = field(default_factory=list[Input])
    _conditions: dict[str, tuple[Condition, ...]] = field(default_factory=dict[str, tuple[Condition, ...]])
    _used: set[int] = field(default_factory=set[int])
    _told: list[str] = field(default_factory=list[str])
    _names: set[str] = field(default_factory=set[str])

    @property
    def spine(self) -> str:
        """The table of the things that rows are put together by, where these are all there is to it."""
        things = [one.table for one in self.groups if isinstance(one, Thing)]
        return things[0] if len(things) == 1 == len(self.groups) else ""

    @property
    def groups_table(self) -> str:
        """The table that the query is of."""
        return self.spine or self.sets[0].table

    def figures(self, said: Sequence[SaidFigure]) -> tuple[list[str], list[Figure]]:
        """The names and the formulas of all figures."""
        made: list[Figure] = []
        names = [figure_name(one, self.resolver, self._names) for one in said]
        for name, one in zip(names, said, strict=True):
            text = self.text(one.value)
            text = text[1:-1] if text.startswith("(") and text.endswith(")") and text.count("(") == 1 else text
            percent = one.percent and not in_hundreds(text)
            title = (one.name or name.replace("_", " ")).capitalize()
            made.append(Figure(name=name, expression=f"{text} * 100" if percent else text, title=title,
                               unit="percent" if one.percent else "", source="Given in the request"))  # fmt: skip
        return names, made

    def text(self, one: Expression) -> str:
        """The formula of an expression over what is put together. Raises `Unfit`."""
        match one:
            case Number(value=value):
                return f"{value:.12g}"
            case Aggregate(function=function, of=of, where=where):
                return self._condensed(function, of, where)
            case Count(table=table, where=where):
                return self._counted(table, where)
            case Share(table=table, holds=holds, base=base):
                return f"({self._counted(table, (*base, *holds))} / {self._counted(table, base)})"
            case ColumnRef():
                return self._column(one)
            case Around(way=way, of=of):
                return self._around(way, of)
            case Binary(operator=operator, left=left, right=right):
                tables = {self.resolver.place(each).table for each in inner_columns(one)}
                together = operator == "*" and not isinstance(left, Number) and not isinstance(right, Number)
                if (together or (operator in ("+", "-") and len(tables) == 1)) and not _made_of_parts(one):
                    return self._condensed("sum", one, ())
                if together:
                    raise Unfit("figures of several sets are not multiplied", where="request")
                return f"({self.text(left)} {operator} {self.text(right)})"
            case _:
                raise Unfit("it has no value for a group", where="request")

    def _column(self, one: ColumnRef) -> str:
        """A column by itself: an amount is summed, what a thing has is taken once."""
        place = self.resolver.place(one)
        things = [each.table for each in self.groups if isinstance(each, Thing)]
        own = bool(things) and self.resolver.tables.path(things[0], place.table, upwards=True) is not None
        if average_like(place) and not own:
            raise Unfit("prices and rates are not added up", where="request")
        return self._condensed("maximum" if own else "sum", one, (), table=things[0] if own else "")

    def _around(self, way: str, of: Expression) -> str:
        inner = self.text(of)
        name = f"{'of_all' if way == 'all' else way}_{len(self.looks) + 1}"
        for known, figure in self.looks.items():
            if (figure.expression, figure.over) == (inner, way):
                return known
        made = {"name": name, "expression": inner, "over": way, "asked": False}
        self.looks[name] = Figure.model_validate(made)
        return name

    def _condensed(self, function: str, of: Expression, where: tuple[Condition, ...], *, table: str = "") -> str:
        kind, _, rank = function.partition(" ")
        places = [self.resolver.place(each) for each in inner_columns(of)]
        base = table or self.resolver.tables.base([one.table for one in places])
        if base is None or kind not in _KINDS or not places:
            raise Unfit("the columns don't belong together", where="request")
        if any(self.resolver.tables.path(base, one.table, upwards=True) is None for one in places):
            raise Unfit("the columns don't belong together", where="request")
        rows = self._rows(base, where)
        read = self._plain(of, rows)
        condensed = "percentile" if kind == "median" else kind
        head = f"{_HEADS.get(kind, kind)}_{column_identifier(places[0].column)}"
        name = self._bound(head, rows, places[0], read, condensed,
                           float(rank or 50) if condensed == "percentile" else None)  # fmt: skip
        return f"coalesce({name}, 0)" if kind == "sum" else name

    def _counted(self, table: str, where: tuple[Condition, ...]) -> str:
        rows = self._rows(table, where)
        place = Place(table=table, column=self.resolver.tables.key(table))
        read = self._plain_name(place, rows)
        return self._bound(f"number_of_{plural(self.resolver.tables.one(table))}", rows, place, read, "count", None)

    def _bound(self, head: str, rows: RowsApart, place: Place, read: str, function: str, rank: float | None) -> str:
        for known in self.bindings.values():
            if (known.rows, known.expression, known.aggregate, known.rank) == (rows.name, read, function, rank):
                return known.name
        name = self._free(f"{head}_{self._suffix(rows)}" if self._suffix(rows) else head)
        made = {
            "name": name,
            "place": place,
            "rows": rows.name,
            "expression": read,
            "aggregate": function,
            "rank": rank,
        }
        self.bindings[name] = Binding.model_validate(made)
        return name

    def _suffix(self, rows: RowsApart) -> str:
        windows = [one.window for one in self._conditions[rows.name] if one.kind == "window" and one.window is not None]
        return window_name(windows[0]) if len(windows) == 1 else ""

    def _free(self, name: str) -> str:
        name = name[:44].rstrip("_")
        found, number = name, 2
        while found in self._names:
            found, number = f"{name[:40]}_{number}", number + 1
        self._names.add(found)
        return found

    def _plain(self, of: Expression, rows: RowsApart) -> str:
        """An expression over columns of one set."""
        match of:
            case Number(value=value):
                return f"{value:.12g}"
            case ColumnRef():
                place = self.resolver.place(of)
                if self.resolver.kind(place) not in ("number", "integer") or self.resolver.tables.is_key(place):
                    raise Unfit("only numbers are added up", where="request")
                return self._plain_name(place, rows)
            case Binary(operator="+" | "-" | "*" | "/" as operator, left=left, right=right):
                return f"({self._plain(left, rows)} {operator} {self._plain(right, rows)})"
            case _:
                raise Unfit("it has no value for a row", where="request")

    def _plain_name(self, place: Place, rows: RowsApart) -> str:
        for known in self.bindings.values():
            if not known.aggregate and known.rows == rows.name and known.place == place:
                return known.name
        name = self._free(f"{rows.name}_{column_identifier(place.column)}")
        self.bindings[name] = Binding(name=name, place=place, rows=rows.name)
        return name

    def _rows(self, table: str, where: tuple[Condition, ...]) -> RowsApart:
        """The set of rows of a table in which conditions hold, with those that the whole request puts on it."""
        for one in self.sets:
            if one.table == table and self._conditions[one.name] == where:
                return one
        if len(self.sets) > 5:
            raise Unfit("there are too many sets of rows", where="request")
        one = plural(self.resolver.tables.one(table))
        name = self._free(f"{one[:20]}_rows" if not self.sets else f"{one[:20]}_rows_{len(self.sets) + 1}")
        filters = self._filters(table, where, always=True)
        made = RowsApart(name=name, table=table, filters=filters, keys=self.keys_of(table, name))
        self.sets.append(made)
        self._conditions[name] = where
        return made

    def _filters(self, table: str, where: tuple[Condition, ...], *, always: bool) -> tuple[Filter, ...]:
        """The filters of a set: its own, and those of the request that can be told of its rows."""
        tables = parents_of(self.resolver, table)
        found = Filters(self.resolver, tables)
        for told in where:
            found.add(told)
        present = presence_told(self.query)
        for index, told in enumerate(self.query.conditions):
            if is_of_figures(told) and told not in present:
                continue
            tried = Filters(self.resolver, tables)
            try:
                tried.add(told)
                fits = not {one.table for one in tried.filters} - {*tables} and bool(tried.filters or tried.groups)
            except Unfit:
                fits = False
            if told.kind == "window" and told.left is None and not fits and always:
                raise Unfit("the rows have no time", where="request")
            if fits:
                self._used.add(index)
                found.add(told)
        if found.compared or found.groups:
            raise Unfit("sets of rows have no such conditions", where="request")
        for one in found.inputs:
            if one not in self.inputs:
                self.inputs.append(one)
        self._told += found.assumptions
        return tuple(found.filters)

    def keys_of(self, table: str, name: str) -> tuple[Place, ...]:
        """The columns of a set for the groups. Raises `Unfit` where its rows don't belong to these."""
        tables = self.resolver.tables
        found: list[Place] = []
        for one in self.groups:
            if isinstance(one, str):
                moment = self.resolver.moment(table)
                if moment is None or (self.resolver.kind(moment) != "date" and one != "year"):
                    raise Unfit("rows have no time", where="request")
                dated = self.resolver.kind(moment) == "date"
                found.append(moment.model_copy(update={"part": one}) if dated else moment)
            elif isinstance(one, Thing):
                self._want_path(table, one.table)
                label = tables.label(one.table)
                found += [label] if label is not None and not self.query.entity else []
                found.append(Place(table=one.table, column=tables.key(one.table)))
            else:
                found.append(self._column_key(one, table))
        return tuple(found)

    def _column_key(self, one: ColumnRef, table: str) -> Place:
        place = self.resolver.place(one, parents_of(self.resolver, table))
        self._want_path(table, place.table)
        kind = self.resolver.kind(place)
        if kind in ("date", "number") or (kind == "integer" and not {*words_of_name(place.column)} & RANKS):
            raise Unfit("groups are of kinds", where="request")
        if self.resolver.tables.is_key(place):
            raise Unfit("groups are of kinds", where="request")
        return place

    def _want_path(self, table: str, goal: str) -> None:
        tables = self.resolver.tables
        if tables.path(table, goal, upwards=True) is None or tables.unclear(table, goal) is not None:
            raise Unfit("rows don't belong to such things", where="request")

    def whole_sets(self) -> tuple[RowsApart, ...]:
        """The sets, with the things themselves where they are what rows are put together by. Raises `Unfit`."""
        present = presence_told(self.query)
        asked = {at for at, one in enumerate(self.query.conditions) if one in present or not is_of_figures(one)}
        found = list(self.sets)
        several = len({one.table for one in found}) > 1
        if self.spine and (several or self.query.entity) and self.spine not in {one.table for one in found}:
            filters = self._filters(self.spine, (), always=False)
            name = self._free(f"{plural(self.resolver.tables.one(self.spine))[:20]}_rows_all")
            found.append(RowsApart(name=name, table=self.spine, filters=filters, keys=self.keys_of(self.spine, name)))
            things = plural(self.resolver.tables.one(self.spine)).replace("_", " ")
            if not self.query.entity:
                self._told.append(f"{things} without any of these rows are told with 0, or nothing where it is divided")
        if asked - self._used:
            raise Unfit("a condition is of none of these rows", where="request")
        return tuple(found)

    def notes(self) -> tuple[str, ...]:
        """What is to be told about it."""
        tables = dict.fromkeys(plural(self.resolver.tables.one(one.table)).replace("_", " ") for one in self.sets)
        several = [f"{' and '.join(tables)} are put together each by themselves"] if len(tables) > 1 else []
        return tuple(dict.fromkeys([*self._told, *several]))


def _made_of_parts(one: Expression) -> bool:
    """Whether an expression holds what is put together already."""
    match one:
        case Aggregate() | Count() | Share() | Around():
            return True
        case Binary(operator=operator, left=left, right=right):
            return operator == "/" or _made_of_parts(left) or _made_of_parts(right)
        case _:
            return False
