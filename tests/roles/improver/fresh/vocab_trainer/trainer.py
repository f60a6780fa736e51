"""Trains words: which come next, how close an answer was."""

import statistics  # planted: unused-import
from functools import total_ordering

BOXES = 5


@total_ordering
class Card:
    """A card in a box of the learning system."""

    def __init__(self, word, meaning, box=0, seen=0):
        self.word = word
        self.meaning = meaning
        self.box = box
        self.seen = seen

    def __eq__(self, other):
        return isinstance(other, Card) and self.word == other.word

    def __lt__(self, other):
        return (self.box, self.seen, self.word) < (other.box, other.seen, other.word)

    __hash__ = None


def edit_distance(a, b):  # planted: repeated-computation
    """Levenshtein by the recursive definition, as in the text book."""
    if not a:
        return len(b)
    if not b:
        return len(a)
    if a[0] == b[0]:
        return edit_distance(a[1:], b[1:])
    return 1 + min(edit_distance(a[1:], b), edit_distance(a, b[1:]), edit_distance(a[1:], b[1:]))


class Trainer:
    def __init__(self, cards):
        self.cards = [Card(c["word"], c["meaning"], c.get("box", 0), c.get("seen", 0)) for c in cards]

    def due(self, n):
        """The next cards."""
        picked = []
        for card in sorted(self.cards):
            if card not in picked:
                picked.append(card)
            if len(picked) == n:
                break
        return [c.word for c in picked]

    def mark(self, word, answer):
        """A note from 0 to 1."""
        for card in self.cards:
            if card.word == word:
                longest = max(len(answer), len(card.meaning))
                if longest == 0:
                    return 1.0
                return round(1 - edit_distance(answer, card.meaning) / longest, 3)
        raise KeyError(word)

    def statistics(self):
        """Cards by box, as a bar of text."""
        bars = []
        for box in range(BOXES):
            bar = ""
            for card in self.cards:
                if card.box == box:
                    bar += "#"
            bars.append(bar)
        return bars
