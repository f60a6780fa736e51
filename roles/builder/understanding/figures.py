"""The figures that a request asks for, of the library or its own, with where each of their values comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.errors import ValidationFailed
from common.language.words import word_set
from roles.builder.understanding.binding import Bound, bind_phrase, bind_quantity, table_of_most
from roles.builder.understanding.definitions import Definition
from roles.builder.understanding.expression_words import AGGREGATES
from roles.builder.understanding.idle_words import SPEECH
from roles.builder.understanding.requirements import Binding, Figure, Place, Question
from roles.builder.understanding.row_names import place_of_rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import identifier, words_of, words_of_name
from roles.engineering.formulas import parse
from roles.engineering.formulas.quantities import QUANTITIES, Quantity
from roles.engineering.formulas.ratios import RATIOS
from roles.engineering.formulas.tree import Name, walk
from roles.engineering.specification import Input

__all__ = ["Figures", "SaidInputs", "gather"]

_PARAMETERS = word_set(
    """discount_rate interest_rate growth_rate risk_free_rate market_return months_paid periods years"""
)
_INPUTS = re.compile(
    r"\b(?:inputs?(?:\s+(?:are|is|being|like))?\s*:?|(?<!\w)from|taking|takes|given|based on|accepts?|accepting"
    r"|using|uses|for"
    r"|with|enter(?:s|ing)?|provid(?:e|es|ing)|between|and)\s+(?P<list>(?:(?:an?|the|its|my|his|her"
    r"|their)\s+)?[a-z].*?)"
    r"(?=[.;:?]|$|\bit (?:gives|returns|computes|calculates|should)|\bthat (?:gives|returns)|\b(?:calculate|compute"
    r"|return|give"
    r"|show|tell|determine)s?\b|\bmust\b|\bshould\b|\bpass(?:es)?\b|\bfail)",
    re.IGNORECASE,
)
_THEM = (
    r"(?:both|them|all|these|those|(?:the\s+)?(?:numbers|values|figures|inputs)|(?:all\s+)?(?:two|three|four"
    r"|five|2|3|4|5))"
)
_ALL_GIVEN = re.compile(
    rf"\b(?:i|we|(?:the\s+|my\s+)?(?:users?|callers?))\s+(?:will\s+|can\s+|'ll\s+)?(?:type|enter|give|provide|pass|supply|put)s?\s+(?:in\s+)?"
    rf"{_THEM}\b|\b(?:both|all(?:\s+\w+)?|they)\s+(?:are|will\s+be|come)\s+(?:given|typed|entered|provided|inputs|from\s+the\s+(?:user|caller))"
    r"|\binputs?\s+(?:are|is)\s+(?:all|both)\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:an?|the|its|my|his|her|their|our|both|number of|total number of)\s+", re.IGNORECASE)
_UNIT = re.compile(r"\s+(?:in|as an?|as)\s+(?P<unit>[a-z %]{1,20})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SaidInputs:
    """What a request says that the caller gives: phrases, in order, with the units said."""

    phrases: tuple[str, ...]
    units: Mapping[str, str]
    every: bool = False
    """Everything that is not said to be elsewhere is given."""

    @staticmethod
    def read(text: str) -> SaidInputs:
        """The phrases of lists such as "from the loan amount, the annual rate and the term in years"."""
        found: dict[str, str] = {}
        for match in _INPUTS.finditer(text):
            for part in re.split(
                r",\s*(?:and\s+)?|\s+and\s+|\s+or\s+|\s+to\s+(?=an?\s|the\s)|\s+over\s+", match["list"]
            ):
                phrase = part.strip(" .,()\"'").lower()
                unit = ""
                for _ in range(2):
                    phrase = _ARTICLE.sub("", phrase)
                if (said := _UNIT.search(phrase)) is not None:
                    unit = said["unit"].strip()
                    phrase = phrase[: said.start()]
                if phrase and len(phrase.split()) <= 6:
                    found.setdefault(phrase, unit)
        return SaidInputs(tuple(found), found, _ALL_GIVEN.search(text) is not None)

    def for_quantity(self, quantity: Quantity) -> str | None:
        """The phrase that means a figure, where one does."""
        wanted = {words_of(phrase): rank for rank, phrase in enumerate(quantity.phrases)}
        ranked = [
            (wanted[words], phrase) for phrase in self.phrases
            for words in (words_of(phrase), words_of(f"{phrase} {self.units[phrase]}"))
            if words in wanted and _fits_unit(quantity, self.units[phrase])
        ]  # fmt: skip
        if ranked:
            return min(ranked)[1]
        for phrase in self.phrases:
            for words in wanted:
                if len(words) > 1 and set(words) <= set(words_of(phrase)):
                    return phrase
        return None


def _fits_unit(quantity: Quantity, unit: str) -> bool:
    return not unit or quantity.unit not in ("years", "months") or quantity.unit.rstrip("s") == unit.rstrip("s")


@dataclass(slots=True)
class Figures:
    """Figures being gathered, with their bindings; the order is that in which they are computed."""

    tables: Tables
    said: SaidInputs
    focus: Sequence[str]
    figures: dict[str, Figure] = field(default_factory=dict[str, Figure])
    bindings: dict[str, Binding] = field(default_factory=dict[str, Binding])
    missing: list[Question] = field(default_factory=list[Question])
    assumptions: list[str] = field(default_factory=list[str])
    first: str = ""
    """The table that the formula at hand is about."""

    def add_ratio(self, name: str) -> None:
        """Add a ratio of the library, and what it is made of."""
        ratio = RATIOS[name]
        own = self._own(name)
        for quantity in ratio.inputs:
            self._need(quantity, ratio.title)
        self.figures[own] = Figure(
            name=own, expression=ratio.expression, title=ratio.title, unit=ratio.unit, source=ratio.source
        )

    def _own(self, name: str) -> str:
        return f"{name}_computed" if name in self.bindings else name

    def _need(self, quantity: Quantity, why: str) -> None:
        if quantity.name in self.bindings or quantity.name in self.figures:
            return
        said = self.said.for_quantity(quantity)
        bound = None if said is not None and self._rather_given(quantity, said) else bind_quantity(
            quantity, self.tables, self.focus
        )  # fmt: skip
        if bound is not None:
            self._bind(quantity.name, bound)
        elif self._derive_from_said(quantity, why):
            return
        elif said is not None or not self.tables or quantity.parameter:
            self._give(quantity, said)
        else:
            names = ", ".join(f"{place.table}.{place.column}" for place, one in self.tables.places()
                              if one.type in ("number", "integer") and not self.tables.is_key(place))  # fmt: skip
            self.missing.append(
                Question(
                    name=quantity.name,
                    text=f"Which column holds the {quantity.phrases[0]}, which the {why.lower()} needs?",
                    choices=tuple(names.split(", ")[:20]),
                )
            )

    def _rather_given(self, quantity: Quantity, said: str) -> bool:
        """Whether the caller gives it although a column may hold it: only what is said to be given as such."""
        return quantity.name in _PARAMETERS and bind_phrase(words_of(said), self.tables, self.focus) is None

    def _derive_from_said(self, quantity: Quantity, why: str) -> bool:
        """Take a derivation whose figures the caller gives or tables have, where the figure itself is not said."""
        if self.said.for_quantity(quantity) is not None:
            return False
        for text in quantity.derived:
            inputs = [QUANTITIES[name] for name in parse(text).names]
            if any(self.said.for_quantity(one) is not None for one in inputs) and all(
                self.said.for_quantity(one) is not None or bind_quantity(one, self.tables, self.focus) for one in inputs
            ):
                for one in inputs:
                    self._need(one, why)
                self.figures[quantity.name] = Figure(
                    name=quantity.name, expression=text, title=quantity.phrases[0].capitalize(), asked=False
                )
                return True
        return False

    def _give(self, quantity: Quantity, said: str | None) -> None:
        phrase = said or quantity.phrases[0]
        unit = "" if quantity.unit == "money" else quantity.unit
        described = f"{phrase.capitalize()}{', as a fraction (0.05 is 5 %)' if unit == 'fraction' else ''}"
        given = Input(name=identifier(_named(phrase, quantity)), type="number", description=described, unit=unit)
        self.bindings[quantity.name] = Binding(name=quantity.name, input=given, phrases=quantity.phrases)

    def _bind(self, name: str, bound: Bound) -> None:
        if name in self.bindings or name in self.figures:
            return
        phrases = QUANTITIES[name].phrases if name in QUANTITIES else (name.replace("_", " "),)
        if bound.place is not None:
            self.bindings[name] = Binding(name=name, place=bound.place, phrases=phrases)
            return
        for part, inner in (bound.parts or {}).items():
            self._bind(part, inner)
        self.figures[name] = Figure(
            name=name, expression=bound.expression, title=phrases[0].capitalize(), asked=False,
            source="Derived from other figures",
        )  # fmt: skip
        self.assumptions.append(f"{name.replace('_', ' ')} is {bound.expression}, since no column holds it")

    def add_definition(self, given: Definition) -> None:
        """Add a formula that the request gives. Raises `ValidationFailed` for one that can't be read."""
        expression = given.expression
        for said, words in given.said.items():
            inner = given.phrases.get(identifier(words.split()[1:]), "")
            place = bind_phrase(words_of(inner), self.tables, self.focus)
            of_rows = place is None and place_of_rows(said.partition("(")[0], inner, self.tables) is not None
            if (place is None and not of_rows) or bind_phrase(words_of(words), self.tables, self.focus) is not None:
                expression = expression.replace(said, identifier(words))
                given.phrases[identifier(words)] = words
        if given.aggregate and "sum(" not in expression:
            expression = f"{given.aggregate}({expression})"
        names = parse(expression).names
        phrases = [words_of(given.phrases.get(name, name.replace("_", " "))) for name in names]
        self.first = table_of_most(phrases, self.tables)
        expression = self._with_dates(given, expression, names)
        renamed: dict[str, str] = {}
        for name in names:
            if name in self.figures or name in self.bindings:
                continue
            phrase = given.phrases.get(name, name.replace("_", " "))
            over = re.search(rf"(\w+)\({name}\)", expression)
            if over is not None and (rows := place_of_rows(over[1], phrase, self.tables)) is not None:
                self.bindings[name] = Binding(name=name, place=rows, phrases=(phrase,))
                continue
            self._bind_name(name, phrase, renamed)
        for old, new in renamed.items():
            expression = re.sub(rf"\b{old}\b", new, expression)
        self.figures[given.name] = Figure(
            name=given.name, expression=expression, title=given.words.capitalize(), source="Given in the request"
        )

    def _with_dates(self, given: Definition, expression: str, names: Sequence[str]) -> str:
        """The formula with the days between two dates for their difference. Raises `ValidationFailed`."""
        dates: list[str] = []
        for name in names:
            place = bind_phrase(words_of(given.phrases.get(name, name.replace("_", " "))), self.tables, self.focus)
            kind = self.tables.column(place).type if place is not None else "number"
            if kind == "date":
                dates.append(name)
            elif kind == "text" and name not in self.figures:
                raise ValidationFailed(
                    f"{name.replace('_', ' ')} is a text, which can't be computed with", where=given.name
                )
        for one in dates:
            for other in dates:
                expression = re.sub(rf"\b{one} - {other}\b", f"days_between({other}, {one})", expression)
        plain = re.sub(r"days_between\([^)]*\)", "", expression)
        if left := [
            name for name in dates if re.search(rf"\b{name}\b", plain) and "(" not in plain.split(name)[0][-14:]
        ]:
            raise ValidationFailed(
                f"{left[0].replace('_', ' ')} is a date; only the days between two dates are computed", where=given.name
            )
        return expression

    def _bind_name(self, name: str, phrase: str, renamed: dict[str, str]) -> None:
        words = words_of(phrase)
        for length in range(len(words), 0, -1) if not self.said.every else ():
            place = bind_phrase(words[:length], self.tables, self.focus, first=self.first)
            if place is not None and self._means_little(words[length:]):
                shorter = name if length == len(words) else identifier(phrase.split()[:length])
                if shorter != name:
                    renamed[name] = shorter
                self.bindings[shorter] = Binding(
                    name=shorter, place=place, phrases=(" ".join(phrase.split()[:length]),)
                )
                return
        quantity = next(
            (one for one in QUANTITIES.values() if words in {words_of(other) for other in one.phrases[:3]}), None
        )
        bind = quantity is not None and self.tables and not self.said.every
        bound = bind_quantity(quantity, self.tables, self.focus) if bind and quantity is not None else None
        if bound is not None and bound.place is not None:
            self.bindings[name] = Binding(name=name, place=bound.place, phrases=(phrase,))
            return
        if self.tables and len(words) == 1 and (words[0] in AGGREGATES or words[0] in ("max", "min")):
            raise ValidationFailed(f"it is not said what {words[0]!r} is of", where=name)
        if self.tables and (known := self._known_words().intersection(words)):
            told = " ".join(sorted(known))
            raise ValidationFailed(f"it can't be told which column {phrase!r} is, or what of ({told})", where=name)
        unit = next((self.said.units[one] for one in self.said.phrases if words_of(one) == words), "") or _unit(words)
        self.bindings[name] = Binding(
            name=name, phrases=(phrase,),
            input=Input(name=name, type="number", description=phrase.capitalize(), unit=unit),
        )  # fmt: skip

    def _means_little(self, words: Sequence[str]) -> bool:
        """Whether words behind the name of a column tell no more than what it is of: "value of a project"."""
        tables = {word for table in self.tables.tables for word in words_of_name(table.rpartition(".")[2])}
        return set(words) <= tables | _LITTLE | SPEECH

    def _known_words(self) -> set[str]:
        """Words of tables and of the columns of numbers: what holds one is seldom given by the caller."""
        found = {word for table in self.tables.tables for word in words_of_name(table.rpartition(".")[2])}
        for place, column in self.tables.places():
            if column.type in ("number", "integer") and not self.tables.is_key(place):
                found.update(words_of_name(place.column))
        return found - _LITTLE - _PARAMETER_WORDS

    @property
    def places(self) -> list[Place]:
        """The columns that the figures are made of."""
        return [one.place for one in self.bindings.values() if one.place is not None]

    @property
    def series(self) -> bool:
        """Whether a figure is made of all rows of a column."""
        return any(parse(one.expression, scalars=self._scalars()).series_names for one in self.figures.values())

    def _scalars(self) -> list[str]:
        given = [one.name for one in self.bindings.values() if one.input is not None]
        return [*given, *self.figures]


_LITTLE = word_set(
    """of for per a an the in on at by its their our each every all one given this that with from into as it and is are
    percent % id number"""
)
_PARAMETER_WORDS = word_set("""rate year month day period term discount tax growth price amount value total factor share
                            kg mg g ml cl km cm mm kwh mwh""")
"""Words of what callers give as often as tables hold it."""
_OF_RATES = word_set("interest annual discount growth tax vacancy inflation mortgage nominal commission")


def _unit(words: tuple[str, ...]) -> str:
    """The unit that the last word of a figure's name tells."""
    last = words[-1] if words else ""
    if last == "rate":
        return "fraction" if _OF_RATES.intersection(words) else ""
    return {"year": "years", "month": "months", "day": "days", "hour": "hours"}.get(last, "")


def _named(phrase: str, quantity: Quantity) -> str:
    if " of " in phrase:
        phrase = quantity.phrases[0]
    words = [word for word in phrase.replace("-", " ").split() if word not in ("of", "the", "an", "a", "in", "number")]
    if quantity.unit in ("years", "months") and quantity.unit not in words:
        words.append(quantity.unit)
    return "_".join(words)


def gather(
    ratios: Sequence[str], definitions: Sequence[Definition], tables: Tables, text: str, focus: Sequence[str]
) -> Figures:
    """All figures with their bindings. Raises `ValidationFailed` for a formula that can't be read."""
    figures = Figures(tables, SaidInputs.read(text), focus)
    for one in _in_order(definitions):
        try:
            figures.add_definition(one)
        except ValidationFailed as error:
            where = error.where if one.name in error.where else f"{one.name}, {error.where}"
            raise ValidationFailed(error.what, where=where, todo=error.todo) from None
    taken_in = {quantity.name for name in ratios for quantity in RATIOS[name].inputs}
    for name in ratios:
        # "P/E from share price and earnings per share": the latter is given, not asked for
        given = name in taken_in and figures.said.for_quantity(QUANTITIES[name]) is not None
        if name not in figures.figures and not given:
            figures.add_ratio(name)
    for one in figures.figures.values():
        _check(one)
    return figures


def _in_order(definitions: Sequence[Definition]) -> list[Definition]:
    """The formulas, each after those that it uses; those in a circle come last, as they are."""
    left, done = list(definitions), list[Definition]()
    while left:
        waiting = {one.name for one in left}
        ready = [one for one in left if not (_named_in(one) & waiting - {one.name})] or left
        done += ready
        left = [one for one in left if one not in ready]
    return done


def _named_in(one: Definition) -> set[str]:
    """The names that a formula may use: "average headcount" can be one as well as a function over the headcount."""
    return {*one.phrases, *(identifier(words) for words in one.said.values())}


_MAX_POWER = 1_000


def _check(figure: Figure) -> None:
    for power in re.findall(r"\*\* (\d+)", figure.expression):
        if int(power) > _MAX_POWER:
            raise ValidationFailed(f"to the power of {power} is more than numbers hold", where=figure.name)
    try:
        tree = parse(figure.expression).tree
    except ValidationFailed as error:
        raise ValidationFailed(error.what, where=f"{figure.name}, {error.where}", todo=error.todo) from None
    if any(isinstance(one, Name) and one.name == figure.name for one in walk(tree)):
        raise ValidationFailed(f"the formula of {figure.name} uses {figure.name} itself", where=figure.name)
