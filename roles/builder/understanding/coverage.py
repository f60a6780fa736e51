"""What a request asks for beyond reading rows and computing: no template covers it, a model would be needed."""

from __future__ import annotations

import re

__all__ = ["beyond_templates"]

_VERB = (
    r"(?:^|[.;:]\s+|\b(?:that|which|who|to|can|could|should|will|would|and|please|must|automatically|helps?|me|us"
    r"|agent|bot|"
    r"assistant|,)\s+)(?:{verbs})(?:s|es)?\b(?!\s*[=:(])"
)
_KINDS: tuple[tuple[str, str, str], ...] = (
    (
        "writing texts",
        "draft|write|compose|summari[sz]e|rewrite|rephrase|paraphrase|proofread|brainstorm|tell|chat|converse|answer",
        r"\b(?:jokes?|poems?|stor(?:y|ies)|essays?|blog posts?|chat ?bots?|newsletters?|slogans?|lyrics|cover "
        r"letters?)\b",
    ),
    ("translating", "translate|localise|localize", r"\btranslations?\b|\binto (?:german|french|spanish|english"
                                                   r"|chinese)\b"),
    (
        "judging what texts or things mean",
        "classify|categori[sz]e|label|recommend|review|suggest|moderate|advise|diagnose|judge|interpret|proof",
        r"\b(?:sentiments?|moods?|tones?|opinions?|recommendations?|pull requests?|source code|topics?)\b",
    ),
    (
        "acting outside of the agent (sending, booking, ordering)",
        "send|email|e-mail|notify|book|buy|pay|schedule|post|message|remind|reserve|invite|publish|tweet|dial|text"
        "|alert",
        r"\b(?:meeting rooms?|appointments? for me|send (?:an? )?(?:e-?mail|message|text|reminder))\b",
    ),
    (
        "reading the web",
        "scrape|crawl|browse|google|download|surf",
        r"\b(?:web ?sites?|web ?pages?|online shops?|the (?:web|internet)|social media|urls?|news feeds?)\b",
    ),
    (
        "images",
        "draw|paint|sketch|photograph|recogni[sz]e",
        r"\b(?:images?|photos?|photographs?|pictures?|videos?|logos?|faces?|icons?|camera|x-?rays?|drawings?)\b",
    ),
    ("audio", "transcribe|listen|sing", r"\b(?:audio|recordings?|speech|voices?|podcasts?|music|songs?|phone "
                                        r"calls?)\b"),
    (
        "learning from data",
        "predict|forecast|train|learn|cluster",
        r"\b(?:neural networks?|machine learning|deep learning|predictions?|forecasts?|regression model"
        r"|classifiers?)\b",
    ),
    (
        "changing data (agents read only)",
        "delete|remove|update|insert|change|modify|edit|archive|rename|merge|import|anonymi[sz]e|fix|clean|correct",
        r"\b(?:data entry)\b",
    ),
    (
        "reading documents",
        "ocr|digiti[sz]e",
        r"\b(?:pdfs?|scanned|word documents?|contracts?|docx|handwrit\w+|spreadsheet files?|e-?books?|text files?)\b",
    ),
    (
        "searching for the best of many plans",
        "optimi[sz]e|plan|play|solve|design|negotiate|simulate|compile|program|code|invent|guess",
        r"\b(?:chess|sudoku|games?|routes?|timetables?|rosters?|puzzles?)\b",
    ),
)  # fmt: skip
_FINE = re.compile(
    r"\b(?:stress tests?|labell?ed|reviewed|paid|sent|booked|scheduled|updated|changed|posted|published|cash from "
    r"operations)\b",
    re.IGNORECASE,
)
_COMPUTES = re.compile(
    r"\b(?:tell|tells|answer|answers|suggest|suggests|change|plan|alert|alerts|correct|fix|review|reviews|text"
    r"|design)\b",
    re.IGNORECASE,
)
"""Verbs of agents that compute as well: they count only where nothing else was understood."""


def beyond_templates(text: str, *, understood: bool = False) -> tuple[str, ...]:
    """What a request needs a model for, in a few words each; empty where templates may cover it.

    `understood`: figures or rows were found in it, so words that go with a calculation too do not count.
    """
    plain = _FINE.sub(" ", text)
    found: list[str] = []
    for label, verbs, things in _KINDS:
        if understood:
            verbs = "|".join(verb for verb in verbs.split("|") if not _COMPUTES.fullmatch(verb))
        asked = re.search(_VERB.format(verbs=verbs), plain, re.IGNORECASE | re.MULTILINE) if verbs else None
        about = None if understood and label == _KINDS[-1][0] else re.search(things, plain, re.IGNORECASE)
        if asked is not None or about is not None:
            found.append(label)
    return tuple(found)
