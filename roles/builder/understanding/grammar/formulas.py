"""Expressions of the logical form as formulas: with names for columns, and where each of these comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from roles.builder.understanding.figures import Figures, SaidInputs
from roles.builder.understanding.grammar.filtering import Filters
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Around,
    Binary,
    ColumnRef,
    Condition,
    Count,
    Expression,
    Given,
    Moment,
    Number,
    Ratio,
    Share,
    Thing,
)  # fmt: skip
from roles.builder.understanding.grammar.resolving import Resolver, Unfit
from roles.builder.understanding.requirements import Binding, Figure, Place
from roles.builder.understanding.words import column_identifier, identifier
from roles.engineering.formulas import parse, tree
from roles.engineering.specification import Input

__all__ = ["Formulas"]

_FUNCTIONS = ("sum", "mean", "median", "minimum", "maximum", "stdev", "variance")


@dataclass(slots=True)
class Formulas:
    """Formulas being made, over rows of `base`; `tables` are those that the rows belong to, the nearest first."""

    resolver: Resolver
    base: str
    tables: Sequence[str]
    bindings: dict[str, Binding] = field(default_factory=dict[str, Binding])
    steps: dict[str, Figure] = field(default_factory=dict[str, Figure])
    assumptions: list[str] = field(default_factory=list[str])
    looks: dict[str, Figure] = field(default_factory=dict[str, Figure])
    """Figures of other groups that formulas use."""

    def text(self, one: Expression) -> str:
        """The formula of an expression. Raises `Unfit` where it has none, `Unclear`."""
        match one:
            case Number(value=value):
                return f"{value:.12g}"
            case Given(words=words):
                return self._given(words)
            case ColumnRef():
                place = self.resolver.place(one, self.tables)
                self._want(
                    self.resolver.kind(place) in ("number", "integer") and not self.resolver.tables.is_key(place)
                )
                return self.name(place)
            case Binary(operator=operator, left=left, right=right):
                return self._binary(operator, left, right)
            case Aggregate(function=function, of=of, where=where):
                return self._aggregate(function, of, where)
            case Count(table=table, where=where):
                self._want(table == self.base)
                if where:
                    return f"count_true({self._all(where)})"
                return f"count({self.name(Place(table=table, column=self.resolver.tables.key(table)))})"
            case Share(table=table, holds=holds, base=base):
                self._want(table == self.base)
                if base:
                    return f"(count_true({self._all((*base, *holds))}) / count_true({self._all(base)}))"
                return f"share({self._all(holds)})"
            case Ratio(name=name):
                return self._ratio(name)
            case Around(way=way, of=of, within=within):
                return self._around(way, of, within)
            case _:
                raise Unfit("it is no formula", where="request")

    def places_of(self, ratio: Ratio) -> list[Place]:
        """The columns that a figure of the library is made of. Raises `Unfit`."""
        figures = self._gathered(ratio.name)
        return figures.places

    def expanded(self, one: Expression) -> Expression:
        """The expression with the formulas of the library's figures in their place. Raises `Unfit`."""
        match one:
            case Ratio(name=name):
                figures = self._gathered(name)
                self.assumptions += figures.assumptions
                return _read(parse(list(figures.figures.values())[-1].expression).tree, figures)
            case Binary(operator=operator, left=left, right=right):
                return Binary(operator, self.expanded(left), self.expanded(right))
            case Around(way=way, of=of, within=within):
                return Around(way, self.expanded(of), within)
            case _:
                return one

    def name(self, place: Place) -> str:
        """The name of a column in formulas."""
        for name, known in self.bindings.items():
            if known.place == place:
                return name
        plain = column_identifier(place.column)
        if plain in self.bindings or plain in self.steps:
            plain = f"{self.resolver.tables.one(place.table)}_{plain}"[:48]
        self._want(plain not in self.bindings)
        self.bindings[plain] = Binding(name=plain, place=place, phrases=(place.column.replace("_", " "),))
        return plain

    def _given(self, words: str) -> str:
        """The name of what the caller gives."""
        name = identifier(words)
        known = self.bindings.get(name)
        self._want(name and (known is None or known.input is not None))
        given = Input(name=name, type="number", description=words.capitalize())
        self.bindings[name] = Binding(name=name, input=given, phrases=(words,))
        return name

    def _binary(self, operator: str, left: Expression, right: Expression) -> str:
        dates = [one for one in (left, right) if isinstance(one, ColumnRef) and self._kind(one) == "date"]
        if isinstance(left, Moment):
            self._want(operator == "-" and len(dates) == 1)
            return f"days_since({self.name(self.resolver.place(dates[0], self.tables))})"
        if dates:
            self._want(operator == "-" and len(dates) == 2)
            names = [self.name(self.resolver.place(one, self.tables)) for one in dates]
            return f"days_between({names[1]}, {names[0]})"
        return f"({self.text(left)} {operator} {self.text(right)})"

    def _kind(self, one: ColumnRef) -> str:
        return self.resolver.kind(self.resolver.place(one, self.tables))

    def _around(self, way: str, of: Expression, within: Sequence[ColumnRef | Thing]) -> str:
        """The name of a figure of other groups, which is a step of its own."""
        inner = self.text(of)
        places = tuple(self.resolver.place(one, self.tables) for one in within if isinstance(one, ColumnRef))
        things = tuple(Place(table=one.table, column=self.resolver.tables.key(one.table))
                       for one in within if isinstance(one, Thing))  # fmt: skip
        made = {"expression": inner, "over": way, "within": (*places, *things), "asked": False}
        for name, known in self.looks.items():
            if known == Figure.model_validate(made | {"name": name}):
                return name
        heads = {"before": "before", "year_before": "year_before", "all": "of_all", "so_far": "so_far"}
        name = f"{heads[way]}_{len(self.looks) + 1}"
        self.looks[name] = Figure.model_validate(made | {"name": name})
        return name

    def _aggregate(self, function: str, of: Expression, where: Sequence[Condition]) -> str:
        inner = self.text(of)
        kind, _, rank = function.partition(" ")
        self._want(not where or kind == "sum")
        if where:
            inner = f"if({self._all(where)}, {inner}, 0)"
        if kind == "percentile":
            return f"percentile({inner}, {rank})"
        self._want(kind in _FUNCTIONS)
        return f"{kind}({inner})"

    def _all(self, told: Sequence[Condition]) -> str:
        return " and ".join(f"({self._condition(one)})" for one in told)

    def _condition(self, told: Condition) -> str:
        """A condition of one row, as a formula; what filters would be is looked up and written out."""
        gathered = Filters(self.resolver, self.tables)
        gathered.add(told)
        self._want(not gathered.inputs)
        parts = [f"{self.name(one.left)} {one.sign} {self.name(one.right)}" for one in gathered.compared]
        for one in gathered.filters:
            name = self.name(Place(table=one.table, column=one.column))
            self._want(not one.moment)
            if one.comparison == "in":
                values = one.value if isinstance(one.value, list) else [one.value]
                parts.append(" or ".join(f"{name} == {_quoted(value)}" for value in values))
            elif isinstance(one.value, bool):
                parts.append(name if one.value == (one.comparison == "=") else f"not {name}")
            elif one.value is None:
                parts.append(f"is_null({name})" if one.comparison == "=" else f"not is_null({name})")
            else:
                sign = "==" if one.comparison == "=" else one.comparison
                parts.append(f"{name} {sign} {_quoted(one.value)}")
        self._want(parts)
        self.assumptions += gathered.assumptions
        return " and ".join(f"({one})" if " or " in one else one for one in parts)

    def _ratio(self, name: str) -> str:
        figures = self._gathered(name)
        self.bindings |= figures.bindings
        made = dict(figures.figures)
        self.steps |= made
        self.assumptions += figures.assumptions
        return list(made)[-1]

    def _gathered(self, name: str) -> Figures:
        figures = Figures(self.resolver.tables, SaidInputs.read(""), [self.base, *self.tables, *self.resolver.focus])
        figures.add_ratio(name)
        self._want(not figures.missing and all(one.place is not None for one in figures.bindings.values()))
        return figures

    def _want(self, fits: object) -> None:
        if not fits:
            raise Unfit("it does not fit the columns", where="request")


def _read(node: tree.Node, figures: Figures) -> Expression:
    """A formula of the library as an expression. Raises `Unfit` for what expressions have not."""
    match node:
        case tree.Number(value=value):
            return Number(value)
        case tree.Name(name=name) if name in figures.figures:
            return _read(parse(figures.figures[name].expression).tree, figures)
        case tree.Name(name=name) if (place := figures.bindings[name].place) is not None:
            return ColumnRef(name.replace("_", " "), ((place, 1.0),))
        case tree.Binary(operator="+" | "-" | "*" | "/" as operator, left=left, right=right):
            return Binary(operator, _read(left, figures), _read(right, figures))
        case _:
            raise Unfit("it has no value for a group", where="request")


def _quoted(value: object) -> str:
    if isinstance(value, str):
        if "'" in value or "\\" in value:
            raise Unfit("a value with a quotation mark", where="request")
        return f"'{value}'"
    return f"{value}"
