"""Names for agents: of the package, and in words."""

from __future__ import annotations

from roles.builder.understanding.requirements import Requirements
from roles.builder.understanding.words import column_identifier, identifier, words_of_name

__all__ = ["ACRONYMS", "class_name_of", "name_agent"]

_MAX = 26
"""Letters of a name before ``_agent``: a role has at most 32."""
ACRONYMS = frozenset({"dscr", "roi", "irr", "npv", "cagr", "bmi", "kwh"})
"""Names that are written in capital letters."""


def name_agent(made: Requirements, wanted: str = "") -> Requirements:
    """The requirements with a name and a title; `wanted` is the name that was asked for, if any."""
    subject = _subject(made)
    name = identifier(wanted) if wanted.strip() else identifier(f"{_short(subject)}_agent", "agent")
    words = subject.replace("_", " ").split()
    plain = " ".join(word.upper() if word in ACRONYMS else word for word in words) or "agent"
    title = plain[:1].upper() + plain[1:]
    return made.model_copy(update={"name": name, "title": title})


def _short(subject: str) -> str:
    """As many whole words as fit."""
    cut = subject[: _MAX + 1]
    short = subject if len(subject) <= _MAX else (cut.rpartition("_")[0] or subject[:_MAX]).rstrip("_ ")
    while short.endswith(("_of", "_by", "_and")):
        short = short.rpartition("_")[0]
    return short


def _subject(made: Requirements) -> str:
    asked = [one.name for one in made.figures if one.asked] or [one.name for one in made.condensed]
    about = made.entity or made.table
    thing = identifier(words_of_name(about.rpartition(".")[2])) if about else ""
    if asked:
        head = "_and_".join(asked[:2]) if len("_and_".join(asked[:2])) <= 26 else asked[0]
        if made.groups:
            return f"{head}_by_{identifier(words_of_name(made.groups[0].column))}"
        return f"{head}_of_{thing}" if thing and thing not in head else head
    if thing:
        listed = identifier(words_of_name(made.table.rpartition(".")[2]))
        kinds = [column_identifier(one.column) for one in made.filters]
        return f"{listed}_lookup" + (f"_by_{kinds[0]}" if kinds else "")
    return "agent"


def class_name_of(name: str) -> str:
    """The name of an agent's class: ``dscr_agent`` has ``DscrAgent``."""
    plain = "".join(part.capitalize() for part in name.split("_"))[:64]
    return plain if plain[:1].isalpha() else f"Agent{plain}"
