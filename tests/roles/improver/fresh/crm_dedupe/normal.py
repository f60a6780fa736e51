"""Normal forms of contacts."""

import re

_COMPANY = ("gmbh", "ltd", "inc", "ag", "kg")


def phone(number: str) -> str:
    """Digits only, 00 for +."""
    pattern = re.compile(r"[^\d+]")  # planted: regex-recompiled
    plain = pattern.sub("", number)
    return "00" + plain[1:] if plain.startswith("+") else plain


def company(name: str) -> str:
    """A company's name without its form."""
    kept = []
    for word in name.lower().replace(".", " ").split():
        if word not in _COMPANY:
            kept.append(word)
    return " ".join(kept)
