"""Makes a digest of news items."""

from __future__ import annotations

import html
import re
import textwrap
import urllib.parse  # planted: unused-import
from datetime import date


class Cleaner:
    """Turns markup into plain text. Holds nothing that changes."""

    def __init__(self, width: int = 72) -> None:
        self.tag = re.compile(r"<[^>]+>")
        self.space = re.compile(r"\s+")
        self.width = width

    def clean(self, markup: str) -> str:
        text = html.unescape(self.tag.sub(" ", markup))
        return self.space.sub(" ", text).strip()

    def wrap(self, text: str) -> str:
        return textwrap.fill(text, self.width)


STOP_WORDS = ["the", "a", "an", "of", "and", "or", "to", "in", "on", "for", "with", "is", "are", "was", "were", "be", "by", "at", "as", "it", "that", "this", "from"]


def key_words(text: str) -> set[str]:
    """Words that carry meaning."""
    return {w for w in text.lower().split() if w not in STOP_WORDS and len(w) > 2}  # planted: list-membership


def alike(one: str, other: str) -> float:
    """Jaccard index of key words."""
    a, b = key_words(one), key_words(other)
    return len(a & b) / len(a | b) if a | b else 0.0


class DigestAgent:
    """Digests."""

    def __init__(self, limit: int = 20, threshold: float = 0.5) -> None:
        self.limit = limit
        self.threshold = threshold

    def digest(self, items: list[dict]) -> list[dict]:
        """Items without near copies, newest first."""
        cleaned = []
        for item in items:
            cleaner = Cleaner()  # planted: object-per-call
            cleaned.append({"title": cleaner.clean(item["title"]), "day": item["day"], "body": cleaner.clean(item.get("body", ""))})
        cleaned.sort(key=lambda i: date.fromisoformat(i["day"]), reverse=True)
        kept: list[dict] = []
        for item in cleaned:
            if all(alike(item["title"], other["title"]) < self.threshold for other in kept):
                kept.append(item)
        return kept[: self.limit]

    def mail(self, items: list[dict]) -> str:
        """The digest as text."""
        body = ""
        for item in self.digest(items):
            body = body + item["day"] + " " + item["title"] + "\n"
            if item["body"]:
                body = body + Cleaner(60).wrap(item["body"]) + "\n"  # planted: object-per-call
        return body
