"""The rules that a request's figures have to keep, said or usual."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roles.builder.understanding.definitions import Definition
from roles.builder.understanding.requirements import Requirements
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.thresholds import Threshold, find_thresholds
from roles.engineering.formulas.ratios import RATIOS
from roles.engineering.specification import Rule

__all__ = ["read_rules_of"]

_INSTEAD = "instead :"
_WORDS = {">=": "at least", "<=": "at most", ">": "above", "<": "below"}


def read_rules_of(made: Requirements, tagged: Tagged, definitions: Sequence[Definition]) -> Requirements:
    """The requirements with the rules that the request tells; without any, those that are usual for their figures."""
    asked = [one for one in made.figures if one.asked]
    if not asked:
        return made
    rules: dict[str, Rule] = {}
    assumptions = list(made.assumptions)
    for one in find_thresholds(tagged.text):
        name = _figure(one, tagged, definitions) or _main(made)
        figure = next((each for each in asked if each.name == name), None) or asked[-1]
        name = figure.name
        if _of_column(tagged, one):
            continue
        tagged.taken.append((one.start, one.end))
        limit, assumed = _limit(one, figure.unit, "100" in figure.expression)
        if assumed:
            assumptions.append(f"{one.number:g} for {name.replace('_', ' ')} is meant in percent")
        shown = f"{one.number:g} %" if one.percent else f"{limit:g}"
        key = f"{name}_{'minimum' if '>' in one.comparison else 'maximum'}"
        if _INSTEAD not in tagged.text[: one.start]:
            key = _free(key, rules)
        else:
            # said later, it takes the place of what was said before
            rules = {other: rule for other, rule in rules.items() if not other.startswith(key)}
        rules[key] = Rule(
            name=key[:48], expression=f"{name} {one.comparison} {limit:.12g}",
            description=f"The {figure.title[:1].lower() + figure.title[1:]} is {_WORDS[one.comparison]} {shown}",
        )  # fmt: skip
    rules = _with_number_instead(rules, tagged)
    if not rules:
        for figure in asked:
            usual = RATIOS[figure.name].usual if figure.name in RATIOS else ""
            if usual:
                rules[f"{figure.name}_usual"] = Rule(
                    name=f"{figure.name}_usual"[:48], expression=usual, description=f"Usual of lenders: {usual}"
                )
                assumptions.append(f"passes when {usual}, which is usual; say another limit to change it")
    return made.model_copy(update={"rules": tuple(rules.values()), "assumptions": tuple(assumptions)})


_NUMBER_ONLY = re.compile(
    r"instead : (?:please |no , |rather )?(?:make|set|use|take|change|let|raise|lower|increase|decrease|put)?(?: "
    r"(?:it|that|the|this|limit|threshold|be|is|to|at|of|instead))* "
    r"(?P<number>\d+(?:\.\d+)?) ?(?P<percent>%)?(?: instead)?\s*(?:\.|$)"
)


def _with_number_instead(rules: dict[str, Rule], tagged: Tagged) -> dict[str, Rule]:
    """ "Make it 75 %", of the one rule there is."""
    match = None if len(rules) != 1 else _NUMBER_ONLY.search(tagged.text)
    if match is None:
        return rules
    name, rule = next(iter(rules.items()))
    figure, sign, _ = rule.expression.rsplit(" ", 2)
    number = float(match["number"]) / (
        100 if match["percent"] and float(rule.expression.rsplit(" ", 1)[1]) <= 1.5 else 1
    )
    told = (
        f"{rule.description.rsplit(' ', 2 if rule.description.endswith('%') else 1)[0]} "
        f"{match['number']}{' %' if match['percent'] else ''}"
    )
    tagged.take(match)
    return {name: rule.model_copy(update={"expression": f"{figure} {sign} {number:.12g}", "description": told})}


def _main(made: Requirements) -> str:
    return [one.name for one in made.figures if one.asked][-1]


def _figure(one: Threshold, tagged: Tagged, definitions: Sequence[Definition]) -> str:
    if not one.mark:
        return ""
    meant = tagged.span(one.mark).best.name
    return definitions[int(meant[1:])].name if meant.startswith("#") else meant


def _of_column(tagged: Tagged, one: Threshold) -> bool:
    """Whether the condition is said of a column's values: a filter of rows, not a rule."""
    before = tagged.text[: one.start].rstrip()
    words = [word for word in before.split()[-3:] if word not in ("is", "are", "be", "of", "a", "the", "that")]
    return bool(words) and words[-1][0] == "C" and words[-1][1:].isdigit() and not one.mark


def _limit(one: Threshold, unit: str, in_hundreds: bool) -> tuple[float, bool]:
    if one.percent:
        return (one.number if in_hundreds else one.number / 100), False
    if unit == "fraction" and one.number > 1.5:
        return one.number / 100, True
    return one.number, False


def _free(name: str, taken: dict[str, Rule]) -> str:
    return name if name not in taken else f"{name}_{len(taken) + 1}"
