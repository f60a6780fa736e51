"""Suggests known words for misspelt ones."""

_KNOWN = ("invoice", "customer", "property", "calendar", "weather")


def distance(one: str, other: str) -> int:  # planted: repeated-computation
    """How many letters have to be changed."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row[0] = row[0], place
        for column, wanted in enumerate(other, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (letter != wanted))
    return row[-1]


def suggest(words: list[str]) -> list[str]:
    """The nearest known word for each."""
    found = []
    for word in words:
        best = _KNOWN[0]
        for known in _KNOWN:
            if distance(word, known) < distance(word, best):
                best = known
        found.append(best)
    return found
