"""Words of requests and of schemas, brought into one form so that they can be compared."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

from common.language.words import word_set

__all__ = [
    "NUMBERS",
    "column_identifier",
    "identifier",
    "in_sentences",
    "numbers_in_digits",
    "plural",
    "singular",
    "words_of",
    "words_of_name",
]

_WORD = re.compile(r"\d+(?:st|nd|rd|th)\b|[a-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?|[%=<>≥≤]")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_KEPT = word_set(
    """gross less across loss bonus status business address process access progress analysis basis series this is has
    was its us yes gas bus plus minus always news pass excess opex capex dividends"""
)
_IRREGULAR = {
    "people": "person", "children": "child", "men": "man", "women": "woman", "indices": "index", "data": "data",
    "criteria": "criterion", "analyses": "analysis", "taxes": "tax", "boxes": "box", "statuses": "status",
    "businesses": "business", "addresses": "address", "branches": "branch", "batches": "batch", "losses": "loss",
    "houses": "house", "leases": "lease", "expenses": "expense", "purchases": "purchase", "warehouses": "warehouse",
    "prices": "price", "invoices": "invoice", "devices": "device", "salaries": "salary", "series": "series",
    "courses": "course", "licenses": "license", "nurses": "nurse", "responses": "response", "cases": "case",
    "movies": "movie", "debentures": "debenture", "kwhs": "kwh",
}  # fmt: skip
NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "fifteen": 15, "twenty": 20, "fifty": 50, "hundred": 100,
}  # fmt: skip
"""Small numbers in words."""


_SCALES = {"hundred": 1e2, "thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9}
_SCALED = re.compile(
    r"(?<![\w.])(?P<number>\d+(?:,\d{3})*(?:\.\d+)?|an?|one|two|three|four|five|ten|twenty|fifty|hundred)"
    r"(?:\s*(?P<scale>thousand|million|billion)|(?<=\d)(?P<short>k|m|mn|bn)|(?<=\d)\s(?P<spaced>mn|bn))\b(?!\s*(?:/|\*|=))",
    re.IGNORECASE,
)


def singular(word: str) -> str:
    """The singular of an English word, as far as endings tell."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or word in _KEPT or word.endswith(("ss", "us", "is")) or not word.endswith("s"):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word[:-1]


def plural(word: str) -> str:
    """The plural of an English word, as far as endings tell."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in lower case and singular, without possessive endings."""
    low = text.lower().replace("’", "'").replace("-", " ").replace("_", " ").replace("/", " ")
    found = (word.removesuffix("'s").removesuffix("'") for word in _WORD.findall(low))
    return tuple(singular(word) for word in found if word)


def column_identifier(name: str) -> str:
    """The identifier for a column's name, its words as they are: ``annualDebt`` is ``annual_debt``."""
    return identifier(part.lower() for part in _PARTS.findall(name))


def words_of_name(name: str) -> tuple[str, ...]:
    """The words of a table's or column's name: ``annualDebt_service2`` has annual, debt, service, 2."""
    return tuple(singular(part.lower()) for part in _PARTS.findall(name))


def numbers_in_digits(text: str) -> str:
    """The text with "one million", "2.5 million" and "10k" in digits."""

    def digits(match: re.Match[str]) -> str:
        said = match["number"].lower()
        value = float(NUMBERS.get(said, 1)) if said[0].isalpha() else float(said.replace(",", ""))
        whole = value * _SCALES[(match["scale"] or match["short"] or match["spaced"]).lower()]
        return f"{whole:.10g}" if whole < 1e10 else f"{whole:.0f}"

    return _SCALED.sub(digits, text)


_BULLET = re.compile(r"^\s*(?:[-*•–]|\(?\d{1,2}[.)])\s+(?=\S)")


def in_sentences(text: str) -> str:
    """The text with each of its lines as a sentence, and short items of a list side by side behind its heading."""
    lines = [line for line in text.split("\n") if line.strip()]
    found: list[str] = []
    for at, line in enumerate(lines):
        bullet = _BULLET.match(line) is not None
        plain = _BULLET.sub("", line).strip()
        heads = bool(found) and found[-1].rstrip().endswith(":")
        listed = bullet and bool(found) and at > 0 and _BULLET.match(lines[at - 1]) is not None
        if heads and "=" not in plain:
            found.append(f" {plain}")
        elif (
            listed and "=" not in plain and len(plain.split()) <= 4 and not found[-1].rstrip().endswith((".", "!", "?"))
        ):
            found.append(f", {plain}")
        else:
            end = "" if not found or found[-1].rstrip().endswith((".", "!", "?", ";", ",", ":")) else "."
            found.append(f"{end}\n{plain}" if found else plain)
    return "".join(found)


def identifier(words: str | Iterable[str], fallback: str = "value") -> str:
    """A plain lower-case identifier made of words."""
    text = words if isinstance(words, str) else "_".join(words)
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower().replace("'", "")).strip("_")
    if not plain:
        return fallback
    if not plain[0].isalpha():
        plain = f"n_{plain}"
    plain = plain[:48].rstrip("_")
    return f"{plain}_value"[:48] if keyword.iskeyword(plain) else plain
