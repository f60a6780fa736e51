"""The rules that a request's figures have to keep, said or usual."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from roles.builder.understanding.definitions import Definition
from roles.builder.understanding.requirements import Figure, Question, Requirements
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.thresholds import Threshold, find_thresholds, sentence_of
from roles.builder.understanding.words import singular
from roles.engineering.formulas import parse
from roles.engineering.formulas.ratios import RATIOS
from roles.engineering.formulas.tree import Binary
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
    missing: list[Question] = []
    said = {singular(word) for one in asked for word in f"{one.name}_{one.expression}".split("_")}
    corrected = list(_NUMBER_ONLY.finditer(tagged.text))
    for one in sorted([*find_thresholds(tagged.text, units=said), *corrected], key=_start):
        if isinstance(one, re.Match):
            rules = _with_number(one, rules, made, tagged, definitions) or rules
            continue
        if any(match.start() <= one.start < match.end() for match in corrected):
            continue
        if _of_column(tagged, one):
            continue
        meant = _meant(one, asked, tagged, definitions)
        if not meant:
            missing.append(_which(one, asked, tagged))
            continue
        for figure in meant:
            rules = _with_rule(one, figure, rules, tagged, assumptions)
    if not rules:
        for figure in asked:
            usual = RATIOS[figure.name].usual if figure.name in RATIOS else ""
            if usual:
                rules[f"{figure.name}_usual"] = Rule(
                    name=f"{figure.name}_usual"[:48], expression=usual, description=f"Usual of lenders: {usual}"
                )
                assumptions.append(f"passes when {usual}, which is usual; say another limit to change it")
    return made.model_copy(
        update={
            "rules": tuple(rules.values()),
            "assumptions": tuple(assumptions),
            "missing": (*made.missing, *dict.fromkeys(missing)),
        }
    )


def _with_rule(
    said: Threshold, figure: Figure, rules: dict[str, Rule], tagged: Tagged, assumptions: list[str]
) -> dict[str, Rule]:
    """The rules with one more, of a figure; later ones of a correction take the place of those before."""
    one = _with_usual_sign(said, figure, tagged)
    if one is None or _part_of_other(said, figure, tagged):
        return rules
    name = figure.name
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
    rule = Rule(
        name=key[:48], expression=f"{name} {one.comparison} {limit:.12g}",
        description=f"The {figure.title[:1].lower() + figure.title[1:]} is {_WORDS[one.comparison]} {shown}",
    )  # fmt: skip
    return {**rules, key: rule}


def _part_of_other(one: Threshold, figure: Figure, tagged: Tagged) -> bool:
    """Whether a limit is a part of something else: "the payment may not exceed 30 % of the income"."""
    if not one.percent or re.match(r"\s*of (?!(?:cases?|time)\b)", tagged.text[one.end :]) is None:
        return False
    tree = parse(figure.expression).tree
    return figure.unit != "fraction" and not (isinstance(tree, Binary) and tree.operator == "/")


_SEVERAL = re.compile(
    r"\b(?:both|each|every|either|neither|none|they|them|these|those|all|any)\b(?! (?:of )?(?:the |our |those )?T\d)"
    r"(?! (?:more|less|higher|lower|other|case|time))"
)
"""Words that mean all figures of a request."""
_TOGETHER = re.compile(
    r"(?P<marks>(?:[RD]\d+ (?:, and|,|and|or|nor|as well as) (?:(?:the|its|also) )*)+[RD]\d+)"
    r"(?: (?:must|should|shall|have|has|need|needs|to|are|is|be|not|may|can|cannot|never|stay|remain|keep"
    r"|fall|drop))*(?P<rest>.*)"
)
"""Figures in a row, with what stands between the last of them and a limit."""


def _meant(one: Threshold, asked: Sequence[Figure], tagged: Tagged, definitions: Sequence[Definition]) -> list[Figure]:
    """The figures that a limit is for; empty where several could be meant."""
    steps = {name for each in asked for name in parse(each.expression).names}
    ends = [each for each in asked if each.name not in steps] or list(asked)
    start, end = sentence_of(tagged.text, one.start, one.end)
    several = _SEVERAL.search(tagged.text[start:end]) is not None
    by_name = {each.name: each for each in asked}
    if one.mark:
        row = next(
            (
                found
                for found in _TOGETHER.finditer(tagged.text[start : one.start])
                if found["marks"].endswith(one.mark)
            ),
            None,
        )
        in_row = row is not None and (several or not row["rest"].strip())
        marks = re.findall(r"[RD]\d+", row["marks"]) if row is not None and in_row else [one.mark]
        named = [by_name[name] for mark in marks if (name := _figure_of(mark, tagged, definitions)) in by_name]
        return named or ends[-1:]
    return ends if len(ends) == 1 or several else []


def _which(one: Threshold, asked: Sequence[Figure], tagged: Tagged) -> Question:
    said = tagged.text[one.start : one.end].strip()
    names = ", ".join(each.name.replace("_", " ") for each in asked)
    return Question(name="rule", text=f"Which of the figures is “{said}” for: {names}?")


_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_NUMBER_ONLY = re.compile(
    r"instead : (?P<lead>(?:(?:please|no|rather|actually|i|we|meant|mean|want|would|like|let's|ok|but|and|now|,|make"
    r"|set|use|take|change|let|raise|lower|increase|decrease|reduce|tighten|relax|loosen|put|move|it|that|the|this|our"
    r"|its|limit|threshold|cutoff|bar|bound|requirement|rule|value|number|level|be|is|are|should|must|to|at|of|for|as|:|="
    rf"|a|[RD]\d+) )*)(?P<number>{_NUMBER}) ?(?P<percent>%)?"
    rf"(?P<tail>(?: (?:instead|please|now|then|not|rather|than|of|as|the|our|limit|threshold|{_NUMBER} ?%?))*)"
    r"\s*(?=[.;]|$)"
)
"""A correction that tells a number and no direction: "make the limit 1.3", "1.3 instead of 1.25"."""
_COMPARES = re.compile(rf"(?P<figure>\w+) (?P<sign>>=|<=|>|<) (?P<number>{_NUMBER})")


def _with_number(
    match: re.Match[str], rules: dict[str, Rule], made: Requirements, tagged: Tagged, definitions: Sequence[Definition]
) -> dict[str, Rule] | None:
    """The rules with another number in the one that is meant; None where that can't be told."""
    mark = re.search(r"\b[RD]\d+\b", match["lead"])
    named = _figure_of(mark[0], tagged, definitions) if mark is not None else ""
    kept = {key: rule for key, rule in rules.items() if _COMPARES.fullmatch(rule.expression)}
    found = {key: rule for key, rule in kept.items() if not named or rule.expression.split(" ")[0] == named}
    if not rules:
        usual = [(one, RATIOS[one.name].usual) for one in made.figures if one.asked and one.name in RATIOS]
        found = {
            (key := f"{one.name}_{_KINDS[sign[0][0]]}"): Rule(name=key[:48], expression=text)
            for one, text in usual
            if text and (sign := _SIGN.search(text)) and (not named or one.name == named)
        }
    told = re.search(r"\b(?:limit|threshold|cutoff|bar|bound|requirement|rule)\b", match["lead"] + match["tail"])
    if len(found) != 1 or (not told and not named and any(one.adjustments for one in made.modes)):
        return None
    key, rule = next(iter(found.items()))
    parts = _COMPARES.fullmatch(rule.expression)
    if parts is None or (match["percent"] and float(parts["number"]) > 1.5 and "%" not in rule.description):
        return None
    figure = next(one for one in made.figures if one.name == parts["figure"])
    share = bool(match["percent"]) and "100" not in figure.expression
    number = float(match["number"].replace(",", "")) / (100 if share else 1)
    if not match["percent"] and "%" in rule.description and float(parts["number"]) <= 1.5 < number:
        number /= 100
    shown = f"{match['number']} %" if match["percent"] else f"{number:g}"
    tagged.take(match)
    instead = rule.model_copy(update={
        "expression": f"{figure.name} {parts['sign']} {number:.12g}",
        "description": f"The {figure.title[:1].lower() + figure.title[1:]} is {_WORDS[parts['sign']]} {shown}",
    })  # fmt: skip
    return {**rules, key: instead}


_SIGN = re.compile(r"[<>]=?")
_KINDS = {">": "minimum", "<": "maximum"}


def _with_usual_sign(one: Threshold, figure: Figure, tagged: Tagged) -> Threshold | None:
    """ "Limit 1.3" tells no direction: it is that of the figure's usual rule; None where it has no such rule."""
    usual = _SIGN.search(RATIOS[figure.name].usual if figure.name in RATIOS else "")
    said = tagged.text[one.start : one.end]
    if not re.match(rf"\s*limit\b[a-z :=]*{_NUMBER}", said):
        return one
    if usual is None:
        return None
    return replace(one, comparison=usual[0] if usual[0].endswith("=") else f"{usual[0]}=")


def _start(one: Threshold | re.Match[str]) -> int:
    return one.start() if isinstance(one, re.Match) else one.start


def _figure_of(mark: str, tagged: Tagged, definitions: Sequence[Definition]) -> str:
    meant = tagged.span(mark).best.name
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
