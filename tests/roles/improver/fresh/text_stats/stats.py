"""Figures about texts: readability, rhythm, repeated words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

VOWELS = "aeiouyäöü"


def syllables(word: str) -> int:  # planted: repeated-computation
    """Groups of vowels; at least one."""
    groups, before = 0, False
    for ch in unicodedata.normalize("NFC", word.lower()):
        vowel = ch in VOWELS
        if vowel and not before:
            groups += 1
        before = vowel
    if word.lower().endswith("e") and groups > 1:
        groups -= 1
    return max(groups, 1)


def sentences(text: str) -> list[str]:
    """Sentences, roughly."""
    return [s.strip() for s in re.split(r"(?<=[.!?])\s+", text) if s.strip()]  # planted: regex-recompiled


def words(text: str) -> list[str]:
    """Words without digits."""
    return re.findall(r"[^\W\d_]+", text)  # planted: regex-recompiled


class StatsAgent:
    """Tells figures."""

    def __init__(self) -> None:
        self.language = "en"

    def flesch(self, text: str) -> float:
        """Reading ease."""
        ws, ss = words(text), sentences(text)
        if not ws or not ss:
            return 0.0
        return round(206.835 - 1.015 * len(ws) / len(ss) - 84.6 * sum(syllables(w) for w in ws) / len(ws), 2)

    def rhythm(self, text: str) -> list[int]:
        """Syllables of each sentence."""
        return [sum(syllables(w) for w in words(s)) for s in sentences(text)]

    def repeated(self, text: str, near: int = 10) -> list[str]:
        """Words that come twice within a few words."""
        out: list[str] = []
        ws = [w.lower() for w in words(text)]
        for i, w in enumerate(ws):
            if len(w) > 3 and w in ws[max(0, i - near) : i] and w not in out:
                out.append(w)
        return out

    def top(self, text: str, n: int = 5) -> list[list]:
        """The words used most."""
        return [[w, c] for w, c in Counter(w.lower() for w in words(text)).most_common(n)]
