"""Rules for formulas that a request gives: "margin = profit / revenue", "load per flight: passengers over seats"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import Definition, Figure, Group, Want, is_computed, which_of

__all__ = ["add_definition_rules"]


def add_definition_rules(grammar: Grammar) -> None:
    """Add the rules for definitions to ``item``."""
    _of_things(grammar)
    _by_themselves(grammar)


def _of_things(grammar: Grammar) -> None:
    """ "Margin per product: profit / revenue"."""
    add = grammar.add
    grammar.words(
        "defines",
        {
            "=|:|is|are|,_i_._e_.|,_i_._e_._,|i_._e_.|,_that_is|,_that_is_,|,_meaning|,_namely|"
            ",_which_is|means|is_defined_as|,_defined_as|equals|being|is_the_same_as|:_this_is|"
            ":_that_is|(": True
        },
    )
    add(
        "item",
        "<name> of|for|per <one> <defines> <figure> )?",
        lambda name, thing, _, figure: (_defined(name, figure), thing),
        0.05,
    )
    add(
        "item",
        "<name> of|for|per <one> <percentage> <defines> <figure> )?",
        lambda name, thing, _, __, figure: (_defined(name, Figure(figure.value, figure.name, True)), thing),
        0.05,
    )
    add(
        "item",
        "<name> of|for|per <one> to|of|for|in|on ~ <unknown> <defines> <figure>",
        lambda name, thing, _, __, figure: (_defined(name, figure), thing),
        0.2,
    )
    add(
        "item",
        "<name> of|for|per <one> in|, days|number_of_days <defines> <figure> )?",
        lambda name, thing, _, figure: (_defined(name, figure), thing),
        0.05,
    )
    add(
        "item",
        "<name> per|by <bare_table> <percentage> <defines> <figure> )?",
        lambda name, thing, _, __, figure: (_defined(name, Figure(figure.value, figure.name, True)), Group((thing,))),
        0.06,
    )
    add("item", "<name> of|for|per <one> <defines> for? <figure> )? <behind_function>", lambda *_: None)
    add(
        "item",
        "<name> per|by|of_each|for_each|for_every <bare_table> <defines> <figure> )?",
        lambda name, thing, _, figure: (_defined(name, figure), Group((thing,))),
        0.06,
    )
    add(
        "item",
        "<name> of|for|per|across all|every|each our? <bare_table> <defines> <figure> )?",
        lambda name, thing, _, figure: (_defined(name, figure), which_of(thing, "all")),
        0.06,
    )


def _by_themselves(grammar: Grammar) -> None:
    """ "Margin = profit / revenue", "where profit is revenue minus cost"."""
    add = grammar.add
    add("item", "<name> <defines> <figure> )?", lambda name, _, figure: _defined(name, figure), 0.1)
    add(
        "item",
        "<name> <percentage> <defines> <figure> )?",
        lambda name, _, __, figure: _defined(name, Figure(figure.value, figure.name, True)),
        0.1,
    )
    add(
        "item",
        "where|with|whereby ~ <name> is|=|being|equals|means <figure>",
        lambda name, figure: _defined(name, figure),
        0.0,
    )
    add("item", ", where ~ <name> is|=|being|equals|means <figure>", lambda name, figure: _defined(name, figure), 0.0)
    add(
        "item",
        "that|this|it is|'s|means <figure>",
        lambda figure: Want((figure,)) if is_computed(figure) else None,
        0.1,
    )
    add("item", "i . e . ,? <figure>", lambda figure: Want((figure,)) if is_computed(figure) else None, 0.1)


def _defined(name: str, figure: Figure) -> Definition | None:
    return Definition(name, figure) if is_computed(figure) else None
