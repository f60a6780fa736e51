"""Guideline lines in a fixed grammar, one rule a line; anything else in a guideline is advice for models only.

    prefer TOOL over TOOL     where the second would be called and the first fits too, the first is
    avoid TOOL                called only where no other tool fits
    order TOOL before TOOL    where both are called, the first comes first and the second waits for it
    retry TOOL N              a failed call may be tried again up to N times (0 to 5)
    stop after TOOL           nothing else is called once it was

Words are separated by spaces, case does not matter, a leading "-" or "*" and a final full stop are ignored. A tool is
named as it is registered, in quotes ("" or “”) if one likes; dots, dashes and underscores count as the same. In the
rules of a planner or router the names are those of roles, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Rules", "parse_rules", "rule_name"]

_MAX_LINES = 200
_MAX_RETRIES = 5
_TOOL = r"([\w.\-]{1,128})"
_PREFER = re.compile(rf"prefer {_TOOL} over {_TOOL}", re.IGNORECASE)
_AVOID = re.compile(rf"avoid {_TOOL}", re.IGNORECASE)
_ORDER = re.compile(rf"order {_TOOL} before {_TOOL}", re.IGNORECASE)
_RETRY = re.compile(rf"retry {_TOOL} (\d{{1,3}})(?: times)?", re.IGNORECASE)
_STOP = re.compile(rf"stop after {_TOOL}", re.IGNORECASE)
_SIGNS = re.compile(r"[.\-_]+")
_QUOTED = re.compile(r"“([\w.\-]{1,128})”|\"([\w.\-]{1,128})\"")


@dataclass(frozen=True)
class Rules:
    """What guideline lines say; names in the form of `rule_name`."""

    prefer: tuple[tuple[str, str], ...] = ()
    avoid: frozenset[str] = frozenset()
    order: tuple[tuple[str, str], ...] = ()
    retry: tuple[tuple[str, int], ...] = ()
    stop_after: frozenset[str] = frozenset()

    def retries(self, tool: str) -> int:
        """How often a failed call of the tool may be tried again."""
        name = rule_name(tool)
        return max((count for known, count in self.retry if known == name), default=0)

    def stops_after(self, tool: str) -> bool:
        """Whether nothing else is to be called after the tool."""
        return rule_name(tool) in self.stop_after

    def choose(self, fitting: Sequence[str]) -> str:
        """Which of the names that fit, the best one first, prefer and avoid leave; at least one name is needed."""
        known = {rule_name(name): name for name in reversed(fitting)}
        best = next((name for name in fitting if rule_name(name) not in self.avoid), fitting[0])
        for _ in range(len(self.prefer) + 1):
            over = rule_name(best)
            better = next((known[first] for first, second in self.prefer if second == over and first in known), None)
            if better is None or better is best:
                break
            best = better
        return best

    @property
    def empty(self) -> bool:
        """Whether there is no rule."""
        return not (self.prefer or self.avoid or self.order or self.retry or self.stop_after)


def rule_name(tool: str) -> str:
    """A tool's name as rules compare it: lower case, one underscore for dots, dashes and underscores."""
    return _SIGNS.sub("_", tool.lower()).strip("_")


def parse_rules(lines: Sequence[str]) -> Rules:
    """The rules among the lines; a line that is none is left alone."""
    prefer: list[tuple[str, str]] = []
    avoid: set[str] = set()
    order: list[tuple[str, str]] = []
    retry: list[tuple[str, int]] = []
    stop: set[str] = set()
    for text in [line for block in lines[:_MAX_LINES] for line in block.splitlines()][:_MAX_LINES]:
        line = _QUOTED.sub(_unquoted, " ".join(text.strip().lstrip("-*•").rstrip(".").split()))
        if match := _PREFER.fullmatch(line):
            prefer.append((rule_name(match[1]), rule_name(match[2])))
        elif match := _AVOID.fullmatch(line):
            avoid.add(rule_name(match[1]))
        elif match := _ORDER.fullmatch(line):
            order.append((rule_name(match[1]), rule_name(match[2])))
        elif match := _RETRY.fullmatch(line):
            retry.append((rule_name(match[1]), min(int(match[2]), _MAX_RETRIES)))
        elif match := _STOP.fullmatch(line):
            stop.add(rule_name(match[1]))
    return Rules(tuple(prefer), frozenset(avoid), tuple(order), tuple(retry), frozenset(stop))


def _unquoted(match: re.Match[str]) -> str:
    return match[1] or match[2]
