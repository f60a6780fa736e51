"""What a request of a session is about that does not say so itself: “make it an hour later”."""

from __future__ import annotations

from dataclasses import dataclass

from common.tool import Fact

__all__ = ["FollowUp"]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """`action` on the things `meant`, which earlier turns of the session spoke of; at least one, all of one role.

    `words` is what the request says beside that: a time, a length or a name, in the user's words.
    """

    action: str
    meant: tuple[Fact, ...]
    words: str = ""
