"""From the words of a request to requirements, with the tables of the database as vocabulary."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from common.errors import BuildError, ValidationFailed
from roles.builder.understanding.agreement import (
    SO_MANY_OF_EACH,
    differences,
    of_one_table_instead,
    settled,
    surer,
    which_is_meant,
)
from roles.builder.understanding.calculations import calculation
from roles.builder.understanding.choices import dropped_choices
from roles.builder.understanding.condensed_rows import condensed
from roles.builder.understanding.coverage import beyond_templates
from roles.builder.understanding.definitions import Definition, find_definitions
from roles.builder.understanding.denials import dropped_words
from roles.builder.understanding.figures import Figures, gather
from roles.builder.understanding.given_things import with_named_things
from roles.builder.understanding.grammar import read_by_grammar
from roles.builder.understanding.grammar.times_compared import as_said, with_times_compared
from roles.builder.understanding.implied import implied_measures
from roles.builder.understanding.leftovers import question_about, with_leftovers
from roles.builder.understanding.lexicon import Lexicon
from roles.builder.understanding.links import (
    note_links,
    with_clear_conditions,
    with_clear_links,
    with_figures_once,
    with_rows_once,
)
from roles.builder.understanding.links_said import links_said, with_links_said
from roles.builder.understanding.listings import listed_with_totals, listing
from roles.builder.understanding.measures import read_measures
from roles.builder.understanding.modes import SaidMode, find_modes, modes_of
from roles.builder.understanding.named_things import things_named
from roles.builder.understanding.named_values import dropped_values
from roles.builder.understanding.naming import name_agent
from roles.builder.understanding.overview_queries import unasked
from roles.builder.understanding.overviews import Overview, overview_of, read_overview
from roles.builder.understanding.phrasing import in_plain_phrases
from roles.builder.understanding.prose_formulas import in_formula_signs
from roles.builder.understanding.rates import with_added_rate
from roles.builder.understanding.requirements import Question, Requirements
from roles.builder.understanding.rules import read_rules_of
from roles.builder.understanding.said_plainly import said_plainly
from roles.builder.understanding.structured import as_text
from roles.builder.understanding.sure_rows import with_sure_rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged, tag
from roles.builder.understanding.unit_figures import unit_figures
from roles.builder.understanding.unkept import with_promises_kept
from roles.builder.understanding.which_end import with_known_end
from roles.builder.understanding.whole_readings import lost_words, with_things_left_out
from roles.builder.understanding.windows import windows_in_dates
from roles.builder.understanding.words import column_identifier, in_sentences, numbers_in_digits, words_of_name
from roles.engineering.formulas.quantities import QUANTITIES
from roles.engineering.formulas.ratios import RATIOS
from roles.engineering.formulas.stress_words import Target
from roles.engineering.specification import DataSource

__all__ = ["analyze"]

_MAX_CHARS = 20_000


def analyze(given: str | Mapping[str, JsonValue], sources: Sequence[DataSource]) -> Requirements:
    """What a request asks for, as far as reading rows and computing go.

    A mapping holds ``text`` (or ``purpose``), and may hold ``name``, ``formulas`` by name, ``rules``, ``modes``,
    ``inputs`` and ``answers`` to questions. What is not known is in `Requirements.missing`, what no template covers in
    `Requirements.uncovered`. Raises `BuildError` for requirements that are empty or too long.
    """
    if not isinstance(given, str | Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise BuildError(
            f"requirements are a text or a mapping, not {type(given).__name__}", where="requirements",
            todo="Say in some sentences what the agent has to find out.",
        )  # fmt: skip
    text = given if isinstance(given, str) else as_text(given)
    if not text.strip() or len(text) > _MAX_CHARS:
        raise BuildError(
            f"the requirements are empty or longer than {_MAX_CHARS} characters", where="requirements",
            todo="Say in some sentences what the agent has to find out.",
        )  # fmt: skip
    tables = Tables(sources)
    try:
        found = _understood(in_sentences(" ".join(text.split("\t"))), tables, sources)
    except ValidationFailed as error:
        found = Requirements(
            request=text,
            missing=(Question(name="formula", text=f"A formula can't be read: {error}. How should it be?"),),
        )
    name = given.get("name") if isinstance(given, Mapping) else None
    named = name_agent(found, str(name) if isinstance(name, str) else "")
    return named.model_copy(update={"given": given if isinstance(given, str) else dict(given), "request": text})


def _understood(text: str, tables: Tables, sources: Sequence[DataSource]) -> Requirements:
    compared = with_times_compared(text) if tables else text
    plain, named = things_named(said_plainly(compared) if tables else text, tables)
    plain, meant = links_said(plain, tables)
    tables.meant.update(meant)
    made = with_links_said(_of_plain_text(plain, tables, sources, times=compared != text), meant)
    return with_promises_kept(with_named_things(made, named, tables), plain, tables)


def _of_plain_text(text: str, tables: Tables, sources: Sequence[DataSource], *, times: bool) -> Requirements:
    """What a text asks for; `times`: it compares times."""
    dated, counted = windows_in_dates(in_plain_phrases(text))
    whole = _read_whole(dated, tables, sources)
    other = _with_denials(_by_marks(dated, counted, tables), dated, tables)
    grown = whole is None and _grows_from_row_to_row(other, tables)
    if grown or (times and (whole is None or not (whole.sets or whole.looks_around))):
        return _with_times_asked(other if whole is None else whole)
    if whole is None or (whole.leading is None and SO_MANY_OF_EACH.search(dated) is not None):
        return with_things_left_out(other, tables)
    if (whole.order is not None and not whole.groups) or "_per_" in whole.order_by:
        # of figures the grammar knows which end is bad, of columns it takes the lowest for it
        whole = with_known_end(whole, dated, tables, only="" if whole.order_by else "worst")
    if not (whole.missing or whole.uncovered):
        whole = _checked(whole, other, dated, tables)
        if whole is other or whole.missing:
            return with_things_left_out(whole, tables)
    return with_things_left_out(whole.model_copy(update={"assumptions": (*whole.assumptions, *counted)}), tables)


def _with_denials(made: Requirements, text: str, tables: Tables) -> Requirements:
    lost = [*dropped_words(text, made, tables), *dropped_choices(text, made, tables)]
    if not (made.missing or made.uncovered):
        lost += dropped_values(text, made, tables)
    return made.model_copy(update={"missing": (question_about(lost),)}) if lost else made


def _grows_from_row_to_row(made: Requirements, tables: Tables) -> bool:
    """Whether a growth is that from the first to the last of all rows, which are of any day."""
    order = tables.order(made.table) if made.table else None
    dated = order is not None and tables.column(order).type == "date"
    return dated and not made.entity and any("growth(" in one.expression for one in made.figures)


def _with_times_asked(made: Requirements) -> Requirements:
    """A reading that makes nothing of times that are compared."""
    if made.missing or made.uncovered:
        missing = tuple(one.model_copy(update={"text": as_said(one.text)}) for one in made.missing)
        return made.model_copy(update={"missing": missing, "uncovered": tuple(map(as_said, made.uncovered))})
    text = "Which figure is compared, and at which two times? Say it as “sales in 2025 against sales in 2024”."
    return made.model_copy(update={"missing": (Question(name="times", text=text),)})


def _checked(whole: Requirements, other: Requirements, text: str, tables: Tables) -> Requirements:
    """The reading by the grammar, compared with that by the marks: one of them, or a question which is meant."""
    lost = _lost_words(whole, text, tables)
    if not (other.missing or other.uncovered) and of_one_table_instead(whole, other):
        return other
    if (
        whole.sets
        and any(one.name == "join" for one in other.missing)
        and any(one.name in RATIOS for one in other.figures)
    ):
        # a ratio of the library is of one thing: not of the totals of tables that nothing joins
        return other
    beyond_marks = bool(whole.filter_groups or whole.leading or whole.sets or whole.looks_around)
    if other.missing or other.uncovered or beyond_marks:
        return whole.model_copy(update={"missing": (question_about(lost),)}) if lost else whole
    two = differences(whole, other, tables)
    if not two:
        return whole
    if lost or surer(whole, other, tables):
        return other
    if settled(whole, other, tables):
        return whole
    question = Question(name="unclear", text=which_is_meant(whole, other, two, tables))
    return other.model_copy(update={"missing": (question,)})


def _lost_words(whole: Requirements, text: str, tables: Tables) -> list[str]:
    """What nothing stands for in a reading by the grammar."""
    _, rest = find_modes(numbers_in_digits(text))
    rest = in_formula_signs(rest, tables.names)
    try:
        definitions = find_definitions(rest, tables.names)
        return lost_words(whole, _tagged(_without(rest, definitions), tables, definitions))
    except ValidationFailed:
        return []


def _by_marks(dated: str, times: tuple[str, ...], tables: Tables) -> Requirements:
    """The requirements as the marks of a request tell them, with questions about what they leave open."""
    try:
        found, tagged = _read(dated, tables)
    except ValidationFailed as error:
        question = Question(name="formula", text=f"A formula can't be read: {error}. How should it be?")
        return Requirements(request=dated, missing=(question,))
    if tagged is None:
        return found
    if times and not found.uncovered:
        found = found.model_copy(update={"assumptions": (*found.assumptions, *times)})
    clear = with_rows_once(with_clear_conditions(with_clear_links(found, tables), tables), tables)
    clear = with_figures_once(clear, tables)
    return with_sure_rows(with_known_end(with_leftovers(clear, tagged), dated, tables), tables)


def _read_whole(text: str, tables: Tables, sources: Sequence[DataSource]) -> Requirements | None:
    """The requirements, where the grammar reads every word of the request; None where it does not."""
    said, rest = find_modes(numbers_in_digits(text))
    made = read_by_grammar(rest, sources, dict(tables.meant))
    if made is None or not said or made.missing:
        return made
    if not made.figures or made.each:
        return None
    return _with_modes(with_added_rate(made, said, tables), said, tables)


def _read(text: str, tables: Tables) -> tuple[Requirements, Tagged | None]:
    """The requirements, and the marked text where something was understood of it."""
    said, rest = find_modes(numbers_in_digits(text))
    rest = in_formula_signs(rest, tables.names)
    definitions = find_definitions(rest, tables.names)
    unread = tuple(f"reading the formula of {one.words} from “{one.unread}” on" for one in definitions if one.unread)
    if unread:
        return Requirements(request=text, uncovered=unread), None
    plain = _without(rest, definitions)
    if (sign := _SIGNS_LEFT.search(plain)) is not None:
        around = plain[max(0, sign.start() - 30) : sign.end() + 30].strip()
        question = Question(name="formula", text=f"A formula can't be read: “{around}”. How should it be?")
        return Requirements(request=text, missing=(question,)), None
    tagged = _tagged(plain, tables, definitions)
    note_links(tagged, tables)
    understood = bool(tagged.marks("RDF") or (tables and tagged.marks("CT")))
    beyond = beyond_templates(tagged.text if tables and tagged.marks("CTD") else text, understood=understood)
    if beyond:
        return Requirements(request=text, uncovered=beyond), None
    ratios = list(
        dict.fromkeys(tagged.span(mark).best.name for mark in tagged.marks("R") if not _is_heading(tagged, mark))
    )
    focus = [tagged.table(mark) for mark in tagged.marks("T")] or tagged.sure_tables()
    if tables and not ratios and not definitions and (named := unit_figures(plain, tagged, tables, focus)):
        definitions = named
        tagged = _tagged(_without(plain, definitions), tables, definitions)
    if ratios or definitions:
        figures = gather(ratios, definitions, tables, plain, list(dict.fromkeys(focus)))
        if (wanted := read_overview(tagged, tables, figures, definitions)) is not None:
            return _overview(tagged, tables, figures, wanted, said), tagged
        made = calculation(tagged, tables, figures)
        made = _with_modes(with_added_rate(made, said, tables), said, tables)
        return read_rules_of(made, tagged, definitions), tagged
    if not tables:
        return _nothing(text, tables, tagged), None
    measures = read_measures(tagged, tables, focus) or implied_measures(tagged, tables, focus)
    if measures and (whole := listed_with_totals(tagged, tables, measures, focus)) is not None:
        return whole, tagged
    if measures:
        made = condensed(tagged, tables, measures, focus)
        return (made if not said else _with_modes(made, said, tables)), tagged
    if tagged.marks("TC") and not _unknown_figure(tagged):
        return listing(tagged, tables, focus), tagged
    return _nothing(text, tables, tagged), None


_SIGNS_LEFT = re.compile(r"[\w)%]\s*[*×÷^]\s*[\w(]|[\w)%]\s+[/+]\s+[\w(]")
"""Signs of arithmetic that are in no formula that was read."""


def _is_heading(tagged: Tagged, mark: str) -> bool:
    """Whether a figure is the title of a formula that the request gives: "compound interest: amount = …"."""
    return re.search(rf"(?:^|[.;] )(?:[a-z]+ )*{mark}(?: [a-z]+)* : D\d+", tagged.text) is not None


def _overview(
    tagged: Tagged, tables: Tables, figures: Figures, wanted: Overview, said: Sequence[SaidMode]
) -> Requirements:
    made = overview_of(tagged, tables, figures, wanted)
    beyond = [f"computing {name.replace('_', ' ')} for many things at once" for name in unasked(made)]
    if said:
        beyond.append(f"calculating many things at once in modes ({', '.join(one.name for one in said)})")
    return made.model_copy(update={"uncovered": (*made.uncovered, *beyond)})


def _tagged(text: str, tables: Tables, definitions: Sequence[Definition]) -> Tagged:
    names = [one.words for one in definitions]
    return tag(text, Lexicon(tables), tables, names)


def _without(text: str, definitions: Sequence[Definition]) -> str:
    """The text with the names of formulas in the place of the formulas."""
    parts: list[str] = []
    at = 0
    for one in definitions:
        taken = text[one.start : one.end]
        parts += [text[at : one.start], one.words if taken.startswith(one.words) else ""]
        at = one.end
    return "".join([*parts, text[at:]])


_FIGURE = re.compile(
    r"\b(?:calculate|compute|computing|calculating|calculation of|calculator)s?\s+(?:the\s+|an?\s+|their\s+)*"
    r"(?P<what>(?:[a-z]+\s+){0,3}?[a-z]+?)(?=\s+(?:of|for|per|by|from|in|[CT]\d+)\b|\s*[.,:?]|$)"
)


def _unknown_figure(tagged: Tagged) -> str:
    """What is to be calculated and is neither a column nor a known figure; empty where there is no such thing."""
    match = _FIGURE.search(tagged.text)
    if match is None:
        return ""
    words = re.sub(r"\b[RDFCT]\d+\b", lambda mark: tagged.said(mark[0]), match["what"])
    return "" if words in ("it", "them", "this", "that") else words


def _nothing(text: str, tables: Tables, tagged: Tagged) -> Requirements:
    """What is left where neither figures nor rows were recognised."""
    what = _unknown_figure(tagged)
    if what:
        return Requirements(
            request=text,
            missing=(Question(name="formula", text=f"What is the formula of the {what}?"),),
            uncovered=(f"knowing what {what!r} is: it is no figure of the library, and the request gives no formula",),
        )
    looks = re.search(
        r"\b(?:list|show|find|look ?up|fetch|get|count|how many|average|total|report|query)\b", text.lower()
    )
    if looks and not tables:
        return Requirements(
            request=text, missing=(Question(name="database", text="Which database holds the rows? Set DATABASE_URL."),)
        )
    return Requirements(
        request=text,
        uncovered=("understanding what is asked: it names no figure to compute, and no rows to look up",),
    )


_ELSE = "no_part_of_it_"
"""Before the names of columns that no figure is made of."""


def _others(made: Requirements, targets: Sequence[Target], tables: Tables) -> list[Target]:
    """The columns that the figures are not made of: what is said of the "cost of sales" is not said of the sales."""
    bound = [one.place for one in made.bindings if one.place is not None]
    known = {word for one in targets for word in one.words}
    return [
        Target(f"{_ELSE}{column_identifier(place.column)}", (words,)) for place, one in tables.places()
        if place not in bound and one.type in ("number", "integer") and not tables.is_key(place)
        and (words := " ".join(words_of_name(place.column))) not in known and " " in words
    ]  # fmt: skip


def _with_modes(made: Requirements, said: Sequence[SaidMode], tables: Tables) -> Requirements:
    if not said:
        return made
    targets = targets_of(made)
    modes, open_ones = modes_of(said, [*targets, *_others(made, targets, tables)])
    elsewhere = (one.name for one in modes if any(each.target.startswith(_ELSE) for each in one.adjustments))
    unclear = tuple(dict.fromkeys([*open_ones, *elsewhere]))
    missing = tuple(
        Question(name=f"mode_{name}", text=f"What does the mode {name!r} change, and by how much? It can change: "
                 f"{', '.join(one.name.replace('_', ' ') for one in targets)}.")
        for name in unclear
    )  # fmt: skip
    return made.model_copy(update={"modes": modes, "missing": (*made.missing, *missing)})


def targets_of(made: Requirements) -> list[Target]:
    """What modes can change: single figures and columns that formulas are made of."""
    targets: list[Target] = []
    for one in made.bindings:
        unit = QUANTITIES[one.name].unit if one.name in QUANTITIES else ""
        words = [one.name.replace("_", " "), *one.phrases]
        if one.place is not None:
            words.append(one.place.column.replace("_", " "))
        if one.input is not None:
            words.append(one.input.name.replace("_", " "))
        words += [word.split()[-1] for word in words[:1] if " " in word]
        name = one.input.name if one.input is not None else one.name
        targets.append(Target(name, tuple(dict.fromkeys(word.lower() for word in words)), unit))
    for figure in made.figures:
        unit = RATIOS[figure.name].unit if figure.name in RATIOS else ""
        targets.append(Target(figure.name, (figure.name.replace("_", " "), figure.title.lower()), unit))
    return targets
