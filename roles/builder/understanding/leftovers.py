"""What a request says and nothing was made of: it is asked about, or told, never passed over."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.language.words import word_set
from roles.builder.understanding.accounting import unaccounted
from roles.builder.understanding.adjectives import EXPLAINED
from roles.builder.understanding.doubts import flag_unsaid, of_row_or_figure
from roles.builder.understanding.foreign_words import foreign_words
from roles.builder.understanding.idle_words import SPEECH
from roles.builder.understanding.lacking import alike
from roles.builder.understanding.requirements import Question, Requirements
from roles.builder.understanding.said_places import words_at
from roles.builder.understanding.superlatives import SUPERLATIVE
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.thresholds import sentence_of

__all__ = ["question_about", "with_leftovers"]

_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?:\.\d+)?(?: ?%| (?:percent|per cent))?(?![\w-])")
_DECIDING = re.compile(
    r"\b(?:(?P<compare>above|below|under|over|exceed(?:s|ing)?|at least|at most|more than|less than|fewer than"
    r"|greater than|higher than|lower than"
    r"|between|outside|within (?:a|the)|worse than|better than)\b(?P<behind>(?: [\w%.,]+){0,4})"
    r"|(?P<negation>without|never|except|excluding|excludes?|unless|ignoring|ignore|omit|omitting|other than"
    r"|apart from|rather than|instead of|neither|not|no)\b"
    r"(?P<what>(?: [\w%.,]+){0,3})"
    r"|(?P<changed>(?:stress(?:ed|es)?(?! test)|haircuts?|shock(?:ed|s)?|scenarios?|modes?|sensitivit(?:y|ies)"
    r"|what if)\b(?: [\w%.,]+){0,3})"
    r"|(?P<same>the same (?:day|week|month|quarter|year|date|[CT]\d+)\b|each other|twice|(?:two|three|2|3) times"
    r"|(?:day|hour|minute|week|month|year) (?:to|until|between|late|overdue|early)\b(?! \d))"
    r"|(?P<period>(?:per|by|each|every|for each) (?:calendar |business |working )?(?:day|week|month|quarter|year"
    r"|hour|weekday|decade|age group|season)s?\b"
    r"|every (?:other|second|third|fourth) [a-z]+|(?:weekly|hourly)(?= [FT]\d)|(?:month|quarter|year|week|day) "
    r"(?:on|over|by) (?:month|quarter|year|week"
    r"|day)|year on year|yoy|mom|qoq|rolling|moving|cumulative|running"
    r"|january|february|march|april|june|july|august|september|october|november|december|weekends?|weekdays?"
    r"|overdue|late than|(?<=C\d )(?:too )?(?:late|early|on time)|ahead given|lately given"
    r"|span \S+ \S+)"
    r"|(?P<rank>top \d+|bottom \d+|rank(?:ed|ing|s)?|sort(?:ed)?|descending|ascending|highest first|lowest first"
    r"|largest first|smallest first"
    r"|(?:second|third|2nd|3rd) (?:highest|lowest|largest|smallest|best|worst)|most|least|highest|lowest|largest"
    rf"|smallest|biggest|best|worst|fewest|earliest|{SUPERLATIVE})\b)"
)
_EACH = re.compile(
    r"\b(?:per|grouped by|broken down by|split by|for each|for every)\s+(?:the\s+"
    r"|an?\s+)?(?P<what>(?![CTRDF]\d)[a-z]+)\b"
)
_PER_UNIT = word_set("day month year hour unit item head person one time cent centage annum piece row record line")
_COUNT_OF_ROWS = re.compile(
    r"\bF\d+ (?:of (?:them|these|those|rows)|there are|they are|in total|it is)\b|\b(?:and|with) (?:the |their "
    r")?F\d+\s*(?:[.,;]|$)"
)


def with_leftovers(made: Requirements, tagged: Tagged) -> Requirements:
    """The requirements with questions about what decides and was not understood, and what else was made no use of."""
    if made.missing or made.uncovered:
        return made
    named = {
        word
        for one in made.bindings
        for phrase in (one.name, *one.phrases)
        for word in re.split(r"[\W_]+", phrase.lower())
    }
    open_ones = [
        *(one for one in _undecided(tagged) if one.lower() not in named),
        *_lost(made, tagged),
        *unaccounted(made, tagged),
        *foreign_words(made, tagged),
    ]
    open_ones += [*of_row_or_figure(made, tagged), *flag_unsaid(made, tagged)]
    if made.show and not made.each and not made.figures and not _COUNT_OF_ROWS.search(tagged.text):
        # rows are listed, and a function over them was named
        open_ones += [words_at(tagged, at, at + len(mark) + 14) for mark in tagged.marks("F")
                      if not tagged.is_taken(at := tagged.text.index(mark))]  # fmt: skip
    if made.show and not made.groups and not made.each and not made.figures:
        open_ones += [
            words_at(tagged, match.start(), match.end())
            for match in _OF_EACH.finditer(tagged.text) if not tagged.is_taken(match.start("mark"))
        ]  # fmt: skip
    if made.figures and not made.each and not made.rules:
        open_ones += [words_at(tagged, *match.span()) for match in _VERDICT.finditer(tagged.text)]
    if open_ones:
        return made.model_copy(update={"missing": (question_about(open_ones),)})
    unknown = _unknown(tagged) if tagged.tables else []
    if not unknown:
        return made
    return made.model_copy(update={"assumptions": (*made.assumptions, f"no use was made of: {', '.join(unknown)}")})


def question_about(words: Sequence[str]) -> Question:
    """The question what words of a request mean."""
    years = {one[:4] for one in words if re.fullmatch(r"\d{4}-01-01", one) and f"{one[:4]}-12-31" in words}
    plain = (one[:4] if re.fullmatch(r"\d{4}-(?:01-01|12-31)", one) and one[:4] in years else one for one in words)
    once: dict[str, str] = {}
    for one in plain:
        once.setdefault(one.lower(), one)
    said = ", ".join(f"“{one}”" for one in once.values())
    text = f"What is meant by {said}? It was not understood. Say it in other words."
    return Question(name="unclear", text=text)


_LOST_COLUMN = re.compile(
    r"\b(?:(?:of|for) (?:the |all )?(?=C\d+ T\d)|with (?:the |their )?(?=C\d+\s*(?:[.,;?]"
    r"|$)))(C\d+)\b"
)


def _lost(made: Requirements, tagged: Tagged) -> list[str]:
    """Tables that a request for rows or for functions over rows names, and of which nothing is read."""
    if not made.table or made.figures or made.each:
        return []
    used = [made.table, made.entity, *(one.table for one in (*made.show, *made.groups, *made.filters))]
    used += [one.place.table for one in made.condensed] + [one.left.table for one in made.compared]
    reached = {name for name in used if name}
    for name in list(reached):
        for join in tagged.tables.path(made.table, name) or []:
            reached |= {join.left_table, join.right_table}
    lost = _LOST_COLUMN.findall(tagged.text) if made.condensed else []
    unused = set(tagged.marks("C", unused=True))
    return [tagged.said(mark) for mark in lost if mark in unused] + [
        tagged.said(mark)
        for mark in tagged.marks("T", unused=True)
        if tagged.table(mark) not in reached
        and tagged.span(mark).best.score == 1.0
        and re.search(rf"\b(?:have|has|had|having|with|and|without) (?:an? |any |some |their )?{mark}\b", tagged.text)
    ]


_RESTRICTING = (
    re.compile(r"(?<![\w'])(?P<word>[a-z]{3,})(?= T\d+\b)"),
    re.compile(
        r"\b(?:that|which|who|and|T\d+|C\d+)\s+(?:is|are|was|were|has|have|had|been)\s+(?:(?:been|already"
        r"|currently|still|now|all)\s+)*(?P<word>[a-z]{4,})(?=\s*(?:[.,;?]|$))"
    ),
    re.compile(r"\bT\d+ (?:(?:that|which|who|is|are|was|were|still|currently) )*(?P<word>under way|underway)\b"),
    re.compile(r"\b(?P<word>second|third|fourth|fifth|2nd|3rd|4th|5th) (?:most|least|[a-z]+est|C\d+)\b"),
    re.compile(
        r"\b(?:with|of|in|by|on|at) (?:an? |the )?(?P<word>[a-z]{3,}|[b-hj-rt-z]) C\d+(?=\s*(?:[.,;?]|$))"
        r"|^(?:(?:list|show|find|get|all|the) )*(?P<first>[a-z]{3,}ed) C\d+(?=\s*(?:[.,;?]|$))"
    ),
    re.compile(
        r"\bwhat (?:did|do|have|has|doe) (?:[a-z]+ ){0,2}T\d+\b[^?.;]*? (?P<word>(?!cost\b"
        r"|span\b)[a-z]{3,})(?=\s*(?:[?.;]|$|span\b|in\b))"
    ),
    re.compile(r"\b(?P<word>share|proportion|percentage|fraction) of\b"),
)
"""Where a word of unknown meaning leaves things out."""


_FIGURE_LEFT = re.compile(
    r"\bF\d+ (?:of )?(?:the )?(?P<word>square|cube|log|root|product|logarithm|difference)s? of (?:the )?[CT]\d"
    r"|\b(?P<figure>margin|ratio|yield|return|coverage|efficiency|profitability|utili[sz]ation|turnover|growth"
    r"|health|risk"
    r"|productivity|leverage|liquidity|solvency)(?= (?:of|for|per) (?:(?:an?|each|every|the|given|one|our) )*T\d)"
)
"""Figures that are named and not known."""
_STATES_IN_ING = word_set("pending outstanding running missing upcoming ongoing remaining expiring waiting")


def _restricting(tagged: Tagged) -> list[str]:
    found: list[str] = []
    for pattern in _RESTRICTING:
        for match in pattern.finditer(tagged.text):
            word = match["word"] or match.groupdict().get("first") or ""
            if pattern is _RESTRICTING[0] and EXPLAINED.match(tagged.text[match.end() :]):
                continue
            if re.search(r"\b(?:most|least)\s+$", tagged.text[: max(0, match.start("word"))]):
                continue
            if (
                (word in SPEECH and pattern not in _RESTRICTING[-2:])
                or tagged.is_taken(match.start("word") if match["word"] else match.start("first"))
                or (word.endswith(("ing", "ly")) and word not in _STATES_IN_ING)
                or (not match["word"] and _tells_its_table(tagged, word, match[0].split()[-1]))
            ):
                continue
            found.append(
                words_at(
                    tagged,
                    max(match.start("word"), match.start()),
                    match.end() + 5 if pattern is _RESTRICTING[0] else match.end(),
                )
            )
    for match in _FIGURE_LEFT.finditer(tagged.text):
        which = "word" if match["word"] else "figure"
        if not tagged.is_taken(match.start(which)):
            found.append(words_at(tagged, match.start(which), match.end(which)))
    for match in re.finditer(r"[a-z']{2,}", tagged.text):
        if match[0] in tagged.proper and match[0] not in SPEECH and not tagged.is_taken(match.start()):
            found.append(match[0].capitalize())
    return found


def _tells_its_table(tagged: Tagged, word: str, mark: str) -> bool:
    """Whether a word says no more than the table of a column does: the "invoiced amount" is that of invoices."""
    place = tagged.column(mark)
    return place is not None and alike(word, place.table)


def _undecided(tagged: Tagged) -> list[str]:
    """What would change the answer, in words of the request."""
    found = _restricting(tagged)
    for match in _NUMBER.finditer(tagged.text):
        if not tagged.is_taken(match.start()) and not _harmless_number(tagged.text, match):
            found.append(words_at(tagged, match.start() - 18, match.end()))
    for match in _DECIDING.finditer(tagged.text):
        if tagged.is_taken(match.start()) or tagged.is_taken(match.start() + len(match[0].split(" ")[0]) + 1):
            continue
        if _harmless(tagged, match):
            continue
        found.append(words_at(tagged, match.start(), match.end()))
    found += _alternatives(tagged)
    for match in _FIRST_OF_EACH.finditer(tagged.text):
        found.append(words_at(tagged, match.start(), match.end()))
    for match in _ON_ITSELF.finditer(tagged.text):
        if tagged.said(match[1]).removesuffix("s") == tagged.said(match[2]).removesuffix("s"):
            found.append(words_at(tagged, match.start(), match.end()))
    for match in _ARITHMETIC.finditer(tagged.text):
        found.append(words_at(tagged, match.start(), match.end()))
    for match in _EACH.finditer(tagged.text):
        if match["what"] not in _PER_UNIT and not tagged.is_taken(match.start()):
            found.append(words_at(tagged, match.start(), match.end()))
    return list(dict.fromkeys(found))


def _alternatives(tagged: Tagged) -> list[str]:
    """Conditions of which one or another has to hold."""
    found: list[str] = []
    for match in _OR.finditer(tagged.text):
        taken = [end for start, end in tagged.taken if end <= match.start() + 1 and start < match.start() - 1]
        start, _ = sentence_of(tagged.text, match.start(), match.end())
        if tagged.is_taken(match.end() - 1) and _FAILING.search(tagged.text[start : match.start()]):
            # "it fails below 5 or above 50": two limits
            continue
        if taken and max(taken) >= match.start() - 12:
            found.append(words_at(tagged, match.start(), match.end()))
    return found


_FAILING = re.compile(r"\b(?:fail|warn|flag|reject|alert|alarm|decline|refuse)\w*\b")
_OR = re.compile(
    r"\bor (?:(?:that|which|who|whose|with|have|has|had|were|was|are|is|where) )*(?:an? |the )?(?:[CT]\d+ (?:is "
    r"|are |was |were )?)?"
    r"(?:[a-z]+er than|more than|less than|above|below|over|under|before|after|since|span|at least|at most)\b"
)
"""One condition or another: only all of them together are read."""
_VERDICT = re.compile(
    r"\b(?:(?:[a-z]+ )?(?:passe?|fails?|failed|rejected|unacceptable|not acceptable)"
    r"(?: [a-z]+){1,2}|must not)\b(?! rate)"
)
"""What tells that figures pass or fail, where no rule was read."""
_FIRST_OF_EACH = re.compile(
    r"\b(?:(?:top|first|last|latest|best|worst) [2-9]\d*|[2-9]\d* (?:most|least|latest|newest|oldest|[a-z]+est))"
    r" (?:[a-z]+ )*"
    r"(?:C\d+ )?T\d+ (?:[a-z]+ )*(?:per|in each|of each|for each|for every|in every) [CT]\d+"
)
""" "3 most expensive parts per category": so many of each group, which no query here tells."""
_ON_ITSELF = re.compile(r"\b([CT]\d+) (?:on|over|by|to) ([CT]\d+)\b")
""" "Year over year", where tables have a column of years."""
_ARITHMETIC = re.compile(
    r"\b[CRDT]\d+ (?:minus|plus|times?|less(?! than)) (?:the |their |its )?[CRD]\d+|\b(?:divided|multiplied) by\b"
)
"""What of a formula was not read."""


def _harmless_number(text: str, match: re.Match[str]) -> bool:
    """A number that counts words of the request itself: "two figures", "one at a time"."""
    behind = text[match.end() :]
    if re.match(r"\s*[.)]\s", behind) and re.search(r"(?:^|[.;:,]\s*|\(\s*)$", text[: match.start()]):
        # the number of an item in a list
        return "%" not in match[0]
    if _ALL_OF.search(text[: match.start()]) and re.match(r"\s*(?:[.,;]|$|of\b|are\b)", behind):
        return True
    return bool(
        re.match(
            r"\s*(?:(?:\w+ )?(?:mode|scenario|figure|ratio|column|date|value|formula|thing|number|input"
            r"|agent|decimal)s?\b)",
            behind,
        )
    )


_OF_EACH = re.compile(r"\b(?:of|in|for|from|by|per|within) (?:each|every) (?P<mark>[CT]\d+)\b")
""" "The highest paid of each team": one row of each group is none of a list."""
_ALL_OF = re.compile(r"\b(?:all|both|these|those|following) (?:of )?(?:these |those )?$")


def _harmless(tagged: Tagged, match: re.Match[str]) -> bool:
    if match["period"] == "running" and EXPLAINED.match(tagged.text[match.end() :]):
        return True
    if match["compare"] == "between":
        return re.search(r"(?<![A-Z\d])\d|\b(?:given|certain|two)\b", match["behind"] or "") is None
    if match["compare"] is not None and re.match(
        r" (?:that |this |it )?(?:is |are |should |must |means )?(?:an? |the )?(?:be )?(?:fail\w*|pass\w*|ok"
        r"|fine|bad|good|accept\w*|reject\w*|decline\w*|flag\w*|warn\w*|alarm)",
        match["behind"] or "",
    ):
        # the other side of a limit that was read
        return True
    if match["compare"] is not None:
        return not re.search(r"\b(?:\d|given|certain|an?|the|[CRDTF]\d)", match["behind"] or "") or match[
            "compare"
        ] in ("over", "under")
    if match["negation"] is not None:
        what = (match["what"] or "").split()
        return bool(what) and what[0] in _DENIES_LITTLE
    return False


_DENIES_LITTLE = word_set(
    """more less only matter longer need problem be just sure and or exceed fall drop go fewer lower higher older later
    below above under over . ,"""
)
"""Words behind "no" and "not" of limits and asides, which are read elsewhere."""


def _unknown(tagged: Tagged) -> list[str]:
    found = [
        match[0] for match in re.finditer(r"[a-z][a-z']{2,}", tagged.text)
        if match[0] not in SPEECH and not tagged.is_taken(match.start())
    ]  # fmt: skip
    return list(dict.fromkeys(found))[:12]
