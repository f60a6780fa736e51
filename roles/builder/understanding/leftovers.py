"""What a request says and nothing was made of: it is asked about, or told, never passed over."""

from __future__ import annotations

import re

from common.language.words import word_set
from roles.builder.understanding.adjectives import EXPLAINED
from roles.builder.understanding.requirements import Question, Requirements
from roles.builder.understanding.tagged import Tagged

__all__ = ["with_leftovers"]

_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?:\.\d+)?(?: ?%| (?:percent|per cent))?(?![\w-])")
_DECIDING = re.compile(
    r"\b(?:(?P<compare>above|below|under|over|exceed(?:s|ing)?|at least|at most|more than|less than|fewer than"
    r"|greater than|higher than|lower than"
    r"|between|outside|within (?:a|the)|worse than|better than)\b(?P<behind>(?: [\w%.,]+){0,4})"
    r"|(?P<negation>without|never|except|excluding|excludes?|unless|ignoring|ignore|omit|omitting|other than"
    r"|apart from|rather than|instead of|not|no)\b"
    r"(?P<what>(?: [\w%.,]+){0,3})"
    r"|(?P<changed>(?:stress(?:ed|es)?(?! test)|haircuts?|shock(?:ed|s)?|scenarios?|modes?|sensitivit(?:y|ies)"
    r"|what if)\b(?: [\w%.,]+){0,3})"
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
    r"|smallest|biggest|best|worst|fewest|longest|shortest|heaviest|lightest|oldest|youngest|earliest)\b)"
)
_EACH = re.compile(
    r"\b(?:per|grouped by|broken down by|split by|for each|for every)\s+(?:the\s+"
    r"|an?\s+)?(?P<what>(?![CTRDF]\d)[a-z]+)\b"
)
_PER_UNIT = word_set("day month year hour unit item head person one time cent centage annum piece row record line")
_SPEECH = word_set(
    """i we you they he she it its it's i'd i'll i'm we'd we'll you'd can could would should shall will may might
    must do does did is are was were
    be been being have has had need needs want wants like please make makes made build builds create creates
    give gives show shows list lists get gets
    tell tells find finds display displays return returns calculate calculates compute computes work works out
    agent bot assistant tool
    helper system calculator service thing something that which who whom whose what when where how why this
    these those there here a an the and or
    but if so then than as of in on at by for from with into to up about per each every all any some one ones
    given certain
    specific particular chosen selected my our your their his her me us them also just only both using use uses used
    based number value values figure figures amount formula formulas defined definition calculated computed way
    database
    data table tables row rows column columns record records information info details report reports overview
    summary look looking
    lookup up ask asks asked asking user users caller who'd let lets help helps thanks thank hi hello hey lot
    much many able
    answer answers question questions name named called call id number input inputs output outputs take takes
    taking enter
    entered provide provided provides including include includes together along respective following such e.g
    eg i.e etc ie
    according available current currently existing actual new good fine ok okay pass passes passed fail fails
    failed failing passing flag flagged flags
    warn warns warning must otherwise else least most above below than more less equal result results check
    checks checked checker
    see know want'd every single individual different various own same time rather really simply basically kind
    sort type
    acceptable allowed required threshold limit rule rules minimum maximum between range percent percentage
    fraction ratio ratios rate
    first last top highest lowest best order ordered sorted descending ascending largest smallest biggest desc
    asc side
    mode modes standard scenario scenarios say says said ideally whenever always anything anyone everything
    status verdict
    analysis small simple quick short easy little handy nice proper full complete whole entire purchasing
    purpose purposes
    team teams colleagues staff people manager managers management clerk department office business company customers
    interested question answering answered queries query retrieve retrieves fetch fetches search searches
    filter filters filtered whether
    compare compares tabulate print identify identifies count counts counted counting sum average determine determines
    happen happens belong belongs relevant corresponding associated related concerned involved total totals
    combined overall
    sql date dates day days month months year years via through under within across among during after before
    since until
    it'd that's what's there's gives it'll be'll own'd let's goes go come comes run runs put puts keep keeps set sets
    doe ship written spoken plain words text well yet already still instead now today never ever not no without
    don't doesn't isn't aren't
    haven't hasn't over upon against off down back away around both either neither nor nice'd"""
)


_COUNT_OF_ROWS = re.compile(
    r"\bF\d+ (?:of (?:them|these|those|rows)|there are|they are|in total|it is)\b|\b(?:and|with) (?:the |their "
    r")?F\d+\s*(?:[.,;]|$)"
)


def with_leftovers(made: Requirements, tagged: Tagged) -> Requirements:
    """The requirements with questions about what decides and was not understood, and what else was made no use of."""
    if made.missing or made.uncovered:
        return made
    open_ones = [*_undecided(tagged), *_lost(made, tagged)]
    if made.show and not made.each and not made.figures and not _COUNT_OF_ROWS.search(tagged.text):
        # rows are listed, and a function over them was named
        open_ones += [_words(tagged, at, at + len(mark) + 14) for mark in tagged.marks("F")
                      if not tagged.is_taken(at := tagged.text.index(mark))]  # fmt: skip
    if made.figures and not made.each and not made.rules:
        open_ones += [_words(tagged, *match.span()) for match in _VERDICT.finditer(tagged.text)]
    if open_ones:
        said = ", ".join(f"“{one}”" for one in open_ones)
        return made.model_copy(update={
            "missing": (Question(name="unclear", text=f"What is meant by {said}? It was not understood. Say it "
                                                      f"in other words."),),
        })  # fmt: skip
    unknown = _unknown(tagged) if tagged.tables else []
    if not unknown:
        return made
    return made.model_copy(update={"assumptions": (*made.assumptions, f"no use was made of: {', '.join(unknown)}")})


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
                (word in _SPEECH and pattern is not _RESTRICTING[-1])
                or tagged.is_taken(match.start("word") if match["word"] else match.start("first"))
                or (word.endswith(("ing", "ly")) and word not in _STATES_IN_ING)
            ):
                continue
            found.append(
                _words(
                    tagged,
                    max(match.start("word"), match.start()),
                    match.end() + 5 if pattern is _RESTRICTING[0] else match.end(),
                )
            )
    for match in _FIGURE_LEFT.finditer(tagged.text):
        which = "word" if match["word"] else "figure"
        if not tagged.is_taken(match.start(which)):
            found.append(_words(tagged, match.start(which), match.end(which)))
    for match in re.finditer(r"[a-z']{3,}", tagged.text):
        if match[0] in tagged.proper and match[0] not in _SPEECH and not tagged.is_taken(match.start()):
            found.append(match[0].capitalize())
    return found


def _undecided(tagged: Tagged) -> list[str]:
    """What would change the answer, in words of the request."""
    found = _restricting(tagged)
    for match in _NUMBER.finditer(tagged.text):
        if not tagged.is_taken(match.start()) and not _harmless_number(tagged.text, match):
            found.append(_words(tagged, match.start() - 18, match.end()))
    for match in _DECIDING.finditer(tagged.text):
        if tagged.is_taken(match.start()) or tagged.is_taken(match.start() + len(match[0].split(" ")[0]) + 1):
            continue
        if _harmless(tagged, match):
            continue
        found.append(_words(tagged, match.start(), match.end()))
    for match in _ARITHMETIC.finditer(tagged.text):
        found.append(_words(tagged, match.start(), match.end()))
    for match in _EACH.finditer(tagged.text):
        if match["what"] not in _PER_UNIT and not tagged.is_taken(match.start()):
            found.append(_words(tagged, match.start(), match.end()))
    return list(dict.fromkeys(found))


_VERDICT = re.compile(
    r"\b(?:(?:[a-z]+ )?(?:passe?|fails?|failed|rejected|unacceptable|not acceptable)"
    r"(?: [a-z]+){1,2}|must not)\b(?! rate)"
)
"""What tells that figures pass or fail, where no rule was read."""
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
    return bool(
        re.match(
            r"\s*(?:(?:\w+ )?(?:mode|scenario|figure|ratio|column|date|value|formula|thing|number|input"
            r"|agent|decimal)s?\b)",
            behind,
        )
    )


def _harmless(tagged: Tagged, match: re.Match[str]) -> bool:
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
        if match[0] not in _SPEECH and not tagged.is_taken(match.start())
    ]  # fmt: skip
    return list(dict.fromkeys(found))[:12]


def _words(tagged: Tagged, start: int, end: int) -> str:
    """The words of a place of the marked text, as they were said."""
    start = tagged.text.rfind(" ", 0, max(0, start)) + 1 if start > 0 else 0
    part = tagged.text[start:end].strip(" ,.")
    return re.sub(r"\b[RDFCT]\d+\b", lambda mark: tagged.said(mark[0]), part)
