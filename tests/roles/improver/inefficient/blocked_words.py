"""Counts words of a text that are on no list."""


def unknown_words(text: str, known: list[str]) -> dict:
    """How often each unknown word comes."""
    words = text.lower().split()
    odd = [word for word in words if word not in known]  # planted: list-membership
    counts: dict = {}
    for word in odd:
        counts[word] = counts.get(word, 0) + 1
    return counts
