"""The logical form of a request, and the pieces that its words are read as."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from roles.builder.understanding.requirements import Place

__all__ = [
    "Aggregate", "Around", "Binary", "Changed", "ColumnRef", "Condition", "Count", "Definition", "Expression", "Figure",
    "Given", "Group", "Moment", "Named", "Number", "Order", "Query", "Ratio", "Rounded", "Rule", "Share", "Thing",
    "Top", "Versus", "Want", "Window", "count_of", "is_computed", "which_of",
]  # fmt: skip

Sign = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was said."""

    value: float
    percent: bool = False


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """Words for a column, with the columns that they may mean and how well each fits (0 to 1)."""

    words: str
    candidates: tuple[tuple[Place, float], ...]
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure of the library."""

    name: str


@dataclass(frozen=True, slots=True)
class Named:
    """A figure that the request names and defines elsewhere, or that the caller gives."""

    words: str


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller gives."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right``; `worded`: said in words, where brackets can't be."""

    operator: Literal["+", "-", "*", "/", "**"]
    left: Expression
    right: Expression
    worded: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Rounded:
    """Figures are rounded: ``round`` to so many digits, ``ceil``, ``floor``."""

    function: Literal["round", "ceil", "floor"]
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """A column is taken as if it were multiplied by, or increased by, an amount: "if prices rise by 3 %"."""

    of: Expression
    operation: Literal["multiply", "add"]
    amount: float


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Values of many rows as one: the function, as the lexicon names it, of an expression, where conditions hold."""

    function: str
    of: Expression
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows of a table there are, where conditions hold."""

    table: str
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """The part of the rows of a table in which conditions hold, of those in which `base` holds."""

    table: str
    holds: tuple[Condition, ...]
    base: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """A figure of other groups: of the period before, of the same one a year before, of all, of all up to this one.

    `within` are things and columns that stay the same: "of its category".
    """

    way: Literal["before", "year_before", "all", "so_far"]
    of: Expression
    within: tuple[ColumnRef | Thing, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A day that depends on when it is asked: ``today``."""

    words: str


Expression = Number | Given | ColumnRef | Moment | Ratio | Named | Binary | Aggregate | Count | Share | Around


@dataclass(frozen=True, slots=True)
class Window:
    """Days from `start` to `end`, which both belong to it; empty: open. ISO dates, or those of `windows`.

    `after`, `before`: the day itself does not belong to it. `given`: the caller gives what is empty of ``from``,
    ``to``, ``after``, ``before`` or ``days`` in `asked`.
    """

    start: str = ""
    end: str = ""
    outside: bool = False
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """What rows, or figures of groups, have to keep.

    ``compare``: `left` `sign` `right` (and no more than `high`); ``value``: `left` is one of `values` (any text column
    where `left` is None); ``empty``: nothing is there; ``done``: a word for something that happened holds; ``window``:
    `left`, or the time of the rows, is in it; ``past``: the day of `left` is over; ``late``: it is behind that on which
    it ought to be; ``has``: there are so many rows of `table`, in which `where` holds; ``asked``: the caller gives the
    value of `left`; ``flag``: `left` tells yes or no, and says yes;
    ``aged``: rows are `right` of the unit in `values` old; ``any``, ``all``: one of `where` holds, or all;
    ``not``: not all of them do, as far as is known; ``state``: the rows are going on or over (see
    `roles.builder.understanding.grammar.states`).
    """

    kind: Literal[
        "compare",
        "value",
        "empty",
        "done",
        "window",
        "has",
        "past",
        "late",
        "asked",
        "flag",
        "any",
        "all",
        "state",
        "not",
        "aged",
    ]
    left: Expression | None = None
    sign: Sign = "="
    right: Expression | Given | None = None
    values: tuple[str, ...] = ()
    table: str = ""
    window: Window | None = None
    negated: bool = False
    where: tuple[Condition, ...] = ()
    high: Expression | None = None


@dataclass(frozen=True, slots=True)
class Thing:
    """Rows of a table: one that the caller names, each, all, or (``of``) those that something else is of."""

    table: str
    which: Literal["", "one", "each", "all", "of"] = ""
    plural: bool = False
    by_key: bool = False
    label: ColumnRef | None = None
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Want:
    """Expressions to show or to compute."""

    items: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Versus:
    """Figures at one time against those at another; `of` is empty for all figures of the request.

    `after` and `before` are windows, where both are said; else `unit` is that of the period before which is meant
    (``same``: the same period of the year before). `told`: what of it is wanted, a ``difference``, a ``percent``, both
    where it is empty.
    """

    of: Expression | None = None
    after: Window | None = None
    before: Window | None = None
    unit: Literal["", "day", "month", "quarter", "year", "same"] = ""
    told: Literal["", "difference", "percent"] = ""
    fall: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """An expression with the name and the unit that the request gives it; `judged`: it has to keep a limit."""

    value: Expression
    name: str = ""
    percent: bool = False
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """What a name stands for."""

    name: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Group:
    """What rows are put together by: columns, things, parts of dates; `by`: the word was "by"."""

    keys: tuple[ColumnRef | Thing | str, ...]
    by: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """An order: by an expression, by quality ("best"), by size or by time; `limit`: only so many."""

    by: Expression | None = None
    way: Literal["up", "down", "best", "worst", "new", "old", "top", "bottom"] = "up"
    limit: int | None = None
    of: Literal["", "price", "time", "pay"] = ""


@dataclass(frozen=True, slots=True)
class Top:
    """The first `number` of the things of each kind that `keys` tell, by an expression, or as a word has it."""

    thing: Thing
    word: str
    number: int = 1
    by: Expression | None = None
    keys: tuple[ColumnRef | Thing | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """What passes: the figure (the only one where none is named) compares so with a number."""

    sign: Sign
    limit: Number
    of: Expression | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A request, whole: what is wanted of which things under which conditions.

    `first_counts`: of several figures the first one is that which is ordered and chosen by.
    """

    subject: str = ""
    entity: Thing | None = None
    figures: tuple[Figure, ...] = ()
    shown: tuple[ColumnRef, ...] = ()
    conditions: tuple[Condition, ...] = ()
    groups: tuple[ColumnRef | Thing | str, ...] = ()
    orders: tuple[Order, ...] = ()
    rules: tuple[Rule, ...] = ()
    empty_too: bool = False
    mentioned: tuple[str, ...] = ()
    figure_first: bool = False
    grouped_by: bool = False
    added_up: bool = False
    every: bool = False
    rounded: Rounded | None = None
    changes: tuple[Changed, ...] = ()
    notes: tuple[str, ...] = ()
    versus: tuple[Versus, ...] = ()
    first_counts: bool = False
    top: Top | None = None


def count_of(thing: Thing, *told: Condition) -> Count:
    """How many of a thing there are, with what its name tells of it: "cashiers" are staff of that role."""
    return Count(thing.table, (*thing.where, *told))


def which_of(thing: Thing, which: Literal["", "one", "each", "all", "of"]) -> Thing:
    """The same thing, of which others are meant."""
    return replace(thing, which=which)


def is_computed(figure: Figure) -> bool:
    """Whether a figure is more than a name, a number or a column as it is."""
    return not isinstance(figure.value, Named | Number | ColumnRef | Ratio)
