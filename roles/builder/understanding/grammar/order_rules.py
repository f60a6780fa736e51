"""Rules for orders, limits and verdicts."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from functools import partial
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.condition_rules import compared
from roles.builder.understanding.grammar.forms import (  # fmt: skip
    Aggregate,
    ColumnRef,
    Count,
    Figure,
    Group,
    Named,
    Number,
    Order,
    Rule,
    Thing,
    Want,
    count_of,
)

__all__ = ["add_order_rules"]

_WAYS: dict[str, Any] = {
    "newest|latest|most_recent": ("new", "time"), "oldest|earliest|longest_-_standing|"
                                                  "longest_standing|longest_-_serving":
    ("old", "time"),
    "highest|largest|biggest|greatest|most|longest|heaviest|max|maximum|busiest|fullest": ("down", ""),
    "lowest|smallest|least|fewest|shortest|lightest|min|minimum": ("up", ""),
    "dearest|most_expensive|costliest|priciest": ("down", "price"), "cheapest|least_expensive": ("up", "price"),
    "best|strongest|healthiest": ("best", ""), "worst|weakest|poorest": ("worst", ""),
}  # fmt: skip


def _orders(grammar: Grammar) -> None:
    add = grammar.add
    grammar.words("way", _WAYS)
    grammar.words("first", {"first|at_the_top|on_top|first_please|coming_first|at_top|leading": True})
    grammar.words("direction", {
        "descending|desc|highest_first|largest_first|from_high_to_low|from_highest_to_lowest|biggest_first|(_descending_)"
        "|in_descending_order|from_biggest_to_smallest|from_most_to_fewest|newest_first|latest_first|most_recent_first"
        "|,_highest_first|,_largest_first|,_descending|,_newest_first|from_largest_to_smallest": "down",
        "ascending|asc|lowest_first|smallest_first|from_low_to_high|from_lowest_to_highest|in_ascending_order|oldest_first"
        "|(_ascending_)|earliest_first|,_lowest_first|,_smallest_first|,_ascending|,_oldest_first|alphabetically": "up",
        "best_first|,_best_first": "best", "worst_first|,_worst_first|,_weakest_first|weakest_first": "worst",
    })  # fmt: skip
    add("item", ",? ~ <way> ones? <:first>", lambda way: Order(None, way[0], of=way[1]))
    add("item", ",? ~ <way> <field> <:first>", lambda way, field: Order(field, way[0]), 0.02)
    add("item", ",? ~ <way> <function> <:first>", lambda way, _: Order(None, way[0], of=way[1]), 0.02)
    add("item", ",? ~ <way> <arithmetic> <:first>", lambda way, of: Order(of, way[0]), 0.1)
    add("item", ",? ~ <way> <unknown> <:first>", lambda way, _: Order(None, way[0], of=way[1]), 0.2)
    add("item", ",? ~ <way> <bare_table> <:first>", lambda way, _: Order(None, way[0], of=way[1]), 0.1)
    add("item", ",? with? ~ <way> <field> <:first>", lambda way, field: Order(field, way[0]), 0.02)
    for low, high, way in (("worst", "best", "worst"), ("best", "worst", "best"), ("weakest", "strongest", "worst"),
                           ("strongest", "weakest", "best"), ("most", "fewest|least", "down"),
                           ("highest|biggest|largest|high", "lowest|smallest|low", "down"),
                           ("lowest|smallest|fewest|low", "highest|biggest|largest|most|high", "up"),
                           ("cheapest", "dearest|most_expensive", "up"), ("dearest", "cheapest", "down"),
                           ("newest|latest", "oldest", "new"),
                           ("oldest|earliest", "newest|latest", "old")):  # fmt: skip
        of: Any = "price" if "cheap" in low + high else "time" if "old" in low + high else ""
        add(
            "item",
            f"sort|sorted|order|ordered|rank|ranked|list|listed|,_sorted|,_ordered|,_ranked? them|"
            f"it|these|everything? from {low} to {high}",
            lambda way=way, of=of: Order(None, way, of=of),
        )
        add("item", f", from {low} to {high}", lambda way=way, of=of: Order(None, way, of=of))
    for lead in ("sort|sorted|order|ordered|ranked|sorting|ordering them|it|these|everything|"
                 "the_list|the_result|rows? by ~",
                 ", sorted|ordered|ranked by ~"):  # fmt: skip
        add("item", f"{lead} <sum> <direction>?", lambda by, way: Order(by, way or "up"))
        add("item", f"{lead} <name> <direction>?", lambda name, way: Order(Named(name), way or "up"), 0.5)
    add("item", "rank|compare|ranking ~ <bare_table> by ~ <figure> <direction>?", _ranked)
    add(
        "item",
        "rank|compare|ranking ~ <bare_table> by ~ <name> ( <figure> ) <direction>?",
        lambda thing, name, figure, way: _ranked(thing, Figure(figure.value, name, figure.percent), way),
        0.1,
    )


def _ranked(thing: Thing, figure: Figure, way: Any) -> Any:
    by = Named(figure.name) if figure.name else figure.value
    return _all(thing), Want((figure,)), Order(by, way or "down")


def _all(thing: Thing) -> Thing:
    return Thing(thing.table, "", thing.plural, where=thing.where)


def _tops(grammar: Grammar) -> None:
    """ "Top 5 customers by revenue", "the 3 cheapest rooms"."""
    add = grammar.add
    grammar.words(
        "end",
        {
            "top|best|highest|leading|biggest|largest|strongest|first": "down",
            "bottom|worst|lowest|smallest|weakest": "up",
        },
    )
    lead = "~ <end> <plain_number> <bare_table>"
    add(
        "item",
        f"{lead} by|in_terms_of|according_to|based_on|ranked_by|measured_by|for|with_the_highest|with_the_most ~ <sum>",
        lambda end, number, thing, by: (_all(thing), Order(by, end, int(number.value))),
    )
    add(
        "item",
        f"{lead} by ~ <name>",
        lambda end, number, thing, name: (_all(thing), Order(Named(name), end, int(number.value))),
        0.3,
    )
    add(
        "item",
        "~ <plain_number> <way> <bare_table> by ~ <sum>",
        lambda number, way, thing, by: (_all(thing), Order(by, way[0], int(number.value))),
    )
    add(
        "item",
        "~ <way> <plain_number> <bare_table> by ~ <sum>",
        lambda way, number, thing, by: (_all(thing), Order(by, way[0], int(number.value))),
    )
    add(
        "item",
        "~ <plain_number> <way> <bare_table>",
        lambda number, way, thing: (_all(thing), Order(None, way[0], int(number.value), way[1])),
        0.1,
    )
    add(
        "item",
        "~ <way> <plain_number> <bare_table>",
        lambda way, number, thing: (_all(thing), Order(None, way[0], int(number.value), way[1])),
        0.1,
    )


def _mosts(grammar: Grammar) -> None:
    """ "Which customer spent the most", "the 3 trucks with the fewest trips"."""
    grammar.words(
        "superlative",
        {"most|highest|largest|biggest|greatest|longest": "down", "least|fewest|lowest|smallest|shortest": "up"},
    )
    grammar.words("verb", {"took|had|have|has|made|sold|bought|ordered|spent|earned|generated|"
                           "brought|produced|received|used"
                           "|paid|placed|consumed|delivered|did|brought_in|gave|drove|got|wrote|"
                           "booked|took_in|raised|brings_in|brings|makes|earns|sells|generates|"
                           "produces|uses|gets|receives|spends|buys|takes": True})  # fmt: skip
    several, one = partial(_most, lone=False), partial(_most, lone=True)
    for lead, action in (
        ("~ <plain_number> <bare_table>", several),
        ("which|what <bare_table>", one),
        ("~ <bare_table>", one),
    ):
        for does, cost in (("with", 0.0), ("that|which|who? <verb>", 0.1)):
            for of in ("<sum_of>", "<bare_table>"):
                grammar.add("item", f"{lead} {does} ~ <superlative> {of}", action, cost)
    for of in ("<sum_of>", "<bare_table>"):
        grammar.add("item", f"which|what <field> <:verb> ~ <superlative> {of}", _most_of_kind, 0.1)


def _most_of_kind(field: ColumnRef, way: Any, of: Any) -> Any:
    by = count_of(of) if isinstance(of, Thing) else of if isinstance(of, Aggregate | Count) else Aggregate("sum", of)
    return Group((field,)), Order(by, way, 1)


def _most(*given: Any, lone: bool) -> Any:
    number = None if lone else int(given[0].value)
    thing, way, of = given[0 if lone else 1], given[-2], given[-1]
    verb = any(one is True for one in given)
    if isinstance(of, Thing):
        of = count_of(of)
    elif verb and not isinstance(of, Aggregate | Count):
        of = Aggregate("sum", of)
    if lone and thing.plural:
        return None
    return _all(thing), Order(of, way, number or 1)


_OPPOSITE: dict[str, Any] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}


_IT = (
    "it|this|that|anything|everything|values|value|result|the_result|the_figure|a_value|"
    "figures|one|each|the_ratio|the_share|the_rate"
)


def _passes(grammar: Grammar) -> None:
    """ "Above 1.25 passes", "fail if it drops under 10 %"."""
    add = grammar.add
    grammar.words("passing", {
        "pass|passes|ok|okay|fine|acceptable|good|passed|healthy|allowed|a_pass|to_pass|accepted": True,
        "fail|fails|failed|a_fail|not_ok|a_failure|not_acceptable|rejected|bad|too_high|too_low|unacceptable": False,
    })  # fmt: skip
    add(
        "item",
        f"{_IT}? <limit> is|are|counts_as|count_as|means|should|will|:|=|as|must be|count|get? as? a|an? <passing>",
        _verdict,
    )
    add(
        "item",
        f"{_IT}? <passing> if|when|at|from|with|for|only_if|only_when|only|where|as_long_as|once|"
        f"provided|whenever {_IT}? <drops>? <limit>",
        lambda passing, _, limit: _verdict(limit, passing),
    )
    add(
        "item", f"{_IT}? <passing> if|when|at|from|with|under|for {_IT}? <drops>? <limit> and|but? <limit>", _two_limits
    )
    add("item", f"{_IT}? <passing> <limit>", lambda passing, limit: _verdict(limit, passing), 0.02)
    add(
        "item",
        f"{_IT}? <passing> at|from <number> upwards|on|up?",
        lambda passing, number: _verdict((">=", number, None), passing),
    )
    grammar.words("drops", {"is|drops|falls|goes|gets|are|drop|fall|rises|comes_out|reaches|stays|is_at|sinks": True})
    add("item", ", <limit> <passing>", _verdict, 0.05)
    grammar.words("passes", {"pass|passes": True, "fail|fails": False})
    add("item", "<number> <:unit_word>? <behind_sign> <passes>", lambda number, sign, passing: _verdict(
        (sign, number, None), passing), 0.1)  # fmt: skip
    add("item", ",? otherwise|else it? <passing>", lambda _: Named("latest"), 0.1)
    add("item", ",? <passing> otherwise|else", lambda _: Named("latest"), 0.1)


def _musts(grammar: Grammar) -> None:
    """ "It must be at least 1.25", "both should stay under 40 %", "maximum 5"."""
    add = grammar.add
    for words, sign in (
        ("max|maximum|at_most|no_more_than|not_more_than|up_to", "<="),
        ("min|minimum|at_least|not_less_than", ">="),
    ):
        add(
            "item", f",? {words} is|of|:? <number>", lambda number, sign=sign: _verdict((sign, number, None), True), 0.3
        )
    add(
        "item",
        "both|all|each|they|all_of_them|both_of_them|each_of_them "
        "must|should|has_to|needs_to|have_to|need_to|ought_to|need|must_both|shall be|stay|reach|remain <limit>",
        lambda limit: _each(_verdict(limit, True)),
    )
    must = "must|should|has_to|needs_to|have_to|need_to|may|can|shall|ought_to"
    add("item", f"{_IT}? {must} be|stay|remain|come_out|lie|keep|reach? <limit>", lambda limit: _verdict(limit, True))
    add(
        "item",
        f"{_IT}? {must} reach|be_at|hit|come_to <number> at_least?",
        lambda number: _verdict((">=", number, None), True),
    )
    add(
        "item",
        f",? {_IT}? {must} not|never exceed|be_above|be_over|go_above|go_over|rise_above|"
        f"be_more_than|be_higher_than|pass <number>",
        lambda number: _verdict(("<=", number, None), True),
    )
    add("item", f",? {_IT}? cannot|can_not exceed <number>", lambda number: _verdict(("<=", number, None), True))
    add(
        "item",
        f",? {_IT}? {must} not|never fall_below|drop_below|be_below|be_under|go_below|fall_under|"
        f"be_lower_than|be_less_than|drop_under <number>",
        lambda number: _verdict((">=", number, None), True),
    )
    add("item", "target|limit|threshold is|of|:? <limit>", lambda limit: _verdict(limit, True), 0.1)


def _kept(grammar: Grammar) -> None:
    """ "Only those above 5 %": what is said of the figures of many things."""
    for only in ("only|just those|the_ones|ones|them|it?", "keep|show|return|list only|just? those|the_ones|ones"):
        grammar.add("item", f",? {only} <limit>", lambda limit: compared(Named("figure"), limit), 0.05)


def _each(rules: Any) -> Any:
    return tuple(Rule(one.sign, one.limit, Named("each")) for one in rules) if rules else None


def _two_limits(passing: bool, _: object, one: Any, other: Any) -> Any:
    return (*_verdict(one, passing), *_verdict(other, passing)) if passing else None


def _verdict(limit: Any, passing: bool) -> Any:
    sign, number, high = limit
    if not isinstance(number, Number):
        return None
    if high is not None:
        return (Rule(">=", number), Rule("<=", high)) if passing else None
    return (Rule(sign if passing else _OPPOSITE[sign], number),)


def _empties(grammar: Grammar) -> None:
    grammar.add("zero", "with|as|at|having 0|zero|a_zero|a_0|nothing", lambda: Named("empty"))
    grammar.add(
        "item",
        ",? also? ~ <bare_table> <filler>* should|shall|must|need_to|have_to|too|also? <filler>* <zero>",
        lambda *_: Named("empty"),
        0.3,
    )
    for those in ("those|ones|the_ones", "~ <bare_table>"):
        grammar.add(
            "item",
            f",? including|include|also|even|and_also|and_show {those} without|with_no|with_none "
            f"any|a? <bare_table>? <filler>*",
            lambda *_: Named("empty"),
            0.2,
        )
    grammar.words(
        "filler",
        {
            "we|have|has|not|used|so|far|that|which|no|none|any|without|should|show|up|be|listed|"
            "appear|shown|count|counted|yet|got|had|with|who|never|included": True
        },
        0.01,
    )


def add_order_rules(grammar: Grammar) -> None:
    """Add the rules for orders and verdicts to ``item``."""
    _orders(grammar)
    _tops(grammar)
    _mosts(grammar)
    _passes(grammar)
    _musts(grammar)
    _kept(grammar)
    _empties(grammar)
