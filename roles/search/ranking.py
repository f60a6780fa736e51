"""Ranking: which documents answer a query, and which passage of each says it best.

SQLite's bm25 proposes passages that hold any of the words; a document then counts by how many different words of the
query it holds (a word itself counts more than another word for it), and bm25 decides among equals. A document must
hold at least half of the words, and not much less than the best one holds. Words of the query are quoted, so that
none of them is an operator.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from roles.search.query import SearchQuery
from roles.search.source import DOCUMENTS, Hit

__all__ = ["rank"]

_CANDIDATES = 300
_SYNONYM = 0.8
_BONUS = 0.3
_OWN = 0.1
_ENOUGH = 0.5
_NEAR_BEST = 0.6
_EXCERPT_TOKENS = 60


@dataclass(slots=True)
class _Candidate:
    passage: int
    document: int
    bm25: float
    body: float
    exact: float = 0.0
    words: dict[int, float] = field(default_factory=dict[int, float])
    bonus: int = 0

    @property
    def weight(self) -> tuple[float, float]:
        """How well the passage itself answers."""
        return (sum(self.words.values()), self.body)


def rank(connection: sqlite3.Connection, query: SearchQuery, limit: int) -> tuple[list[Hit], list[str]]:
    """The best documents, and the words of the query that no document holds.

    Where the query asks for the owner's own documents, others are given only if none of these answers.
    """
    if not query.words:
        return [], []
    candidates = _candidates(connection, query)
    unknown = [
        word
        for position, (word, others) in enumerate(query.words)
        if not any(position in candidate.words for candidate in candidates.values())
        and not _occurs(connection, (word, *others))
    ]
    by_document: dict[int, list[_Candidate]] = defaultdict(list)
    for candidate in candidates.values():
        by_document[candidate.document].append(candidate)
    origins = _origins(connection, by_document)
    own = [document for document in by_document if origins[document] == DOCUMENTS]
    scored = _scored(query, {number: by_document[number] for number in own}, origins) if query.own else []
    scored = scored or _scored(query, by_document, origins)
    return [_hit(connection, query, score, best) for score, _, best in scored[:limit]], unknown


def _scored(
    query: SearchQuery, by_document: Mapping[int, Sequence[_Candidate]], origins: Mapping[int, str]
) -> list[tuple[float, tuple[float, float], _Candidate]]:
    """(score, bm25 as tie-breaker, best passage) of every document that answers, best first."""
    scored: list[tuple[float, tuple[float, float], _Candidate]] = []
    for document, passages in by_document.items():
        held = dict.fromkeys(range(len(query.words)), 0.0)
        for passage in passages:
            held.update({at: max(held[at], value) for at, value in passage.words.items()})
        if sum(1 for value in held.values() if value) < _ENOUGH * len(query.words):
            continue
        own = _OWN if origins[document] == DOCUMENTS else 0.0
        bonus = _BONUS if any(passage.bonus for passage in passages) else 0.0
        best = max(passages, key=lambda passage: passage.weight)
        exact = max(passage.exact for passage in passages)
        scored.append((sum(held.values()) + own + bonus, (exact, best.bm25), best))
    best_score = max((score for score, _, _ in scored), default=0.0)
    near = [item for item in scored if item[0] >= _NEAR_BEST * best_score]
    return sorted(near, key=lambda item: (-item[0], -item[1][0], -item[1][1], item[2].document))


def _quoted(words: Iterable[str]) -> str:
    return " OR ".join('"' + word.replace('"', '""') + '"' for word in words)


def _all_words(query: SearchQuery) -> list[str]:
    return [*(term for word, others in query.words for term in (word, *others)), *query.bonus]


def _candidates(connection: sqlite3.Connection, query: SearchQuery) -> dict[int, _Candidate]:
    rows = connection.execute(
        "SELECT texts.rowid, passages.document, -bm25(texts, 4.0, 2.0, 1.0) AS weight, -bm25(texts, 0.0, 2.0, 1.0) "
        "FROM texts JOIN passages ON passages.id = texts.rowid WHERE texts MATCH ? ORDER BY weight DESC LIMIT ?",
        (_quoted(_all_words(query)), _CANDIDATES),
    )
    found = {passage: _Candidate(passage, document, *weights) for passage, document, *weights in rows}
    for position, (word, others) in enumerate(query.words):
        for passage in _holding(connection, found, others):
            found[passage].words[position] = _SYNONYM
        for passage in _holding(connection, found, (word,)):
            found[passage].words[position] = 1.0
    # A rare synonym would outweigh the very word, so documents of equal coverage are ordered by the words as said.
    said = [word for word, _ in query.words]
    for passage, weight in _weights(connection, found, said):
        found[passage].exact = weight
    for passage in _holding(connection, found, query.bonus):
        found[passage].bonus = 1
    return found


def _holding(connection: sqlite3.Connection, found: dict[int, _Candidate], words: Sequence[str]) -> list[int]:
    """Which of the candidates hold one of the words."""
    if not words or not found:
        return []
    marks = ",".join("?" * len(found))
    rows = connection.execute(
        f"SELECT rowid FROM texts WHERE texts MATCH ? AND rowid IN ({marks})",  # noqa: S608 (only question marks)
        (_quoted(words), *found),
    )
    return [number for (number,) in rows]


def _weights(
    connection: sqlite3.Connection, found: dict[int, _Candidate], words: Sequence[str]
) -> list[tuple[int, float]]:
    """Those of the candidates that hold one of the words, with their bm25 for these words alone."""
    if not found:
        return []
    marks = ",".join("?" * len(found))
    return connection.execute(
        f"SELECT rowid, -bm25(texts, 4.0, 2.0, 1.0) FROM texts WHERE texts MATCH ? AND rowid IN ({marks})",  # noqa: S608
        (_quoted(words), *found),
    ).fetchall()


def _occurs(connection: sqlite3.Connection, words: Sequence[str]) -> bool:
    row = connection.execute("SELECT 1 FROM texts WHERE texts MATCH ? LIMIT 1", (_quoted(words),)).fetchone()
    return row is not None


def _origins(connection: sqlite3.Connection, documents: Iterable[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for document in documents:
        row = connection.execute("SELECT origin FROM documents WHERE id = ?", (document,)).fetchone()
        found[document] = str(row[0])
    return found


def _hit(connection: sqlite3.Connection, query: SearchQuery, score: float, best: _Candidate) -> Hit:
    origin, path, title = connection.execute(
        "SELECT origin, path, title FROM documents WHERE id = ?", (best.document,)
    ).fetchone()
    heading, excerpt = connection.execute(
        "SELECT heading, snippet(texts, 2, '', '', '…', ?) FROM texts WHERE texts MATCH ? AND rowid = ?",
        (_EXCERPT_TOKENS, _quoted(_all_words(query)), best.passage),
    ).fetchone()
    return Hit(title, origin, f"{origin}: {path}", heading, " ".join(excerpt.split()), round(score, 3))
