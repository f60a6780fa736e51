"""How the interpreter works in a process that does nothing but serve; a host's process is the host's affair."""

from __future__ import annotations

import gc
import sys

__all__ = ["answer_promptly"]

_TURN = 0.0005
"""Seconds after which a thread that computes lets others go on. With Python's 5 ms the event loop, which gives way at
every read and write of a socket, would get about 200 of them done a second while a thread counts for learning."""
_FULL_COLLECTIONS = 100
"""Collections of the middle generation for one of everything, which halts the process for as long as it takes."""


def answer_promptly() -> None:
    """Have nothing halt this process for long from now on, at the price of a little work; once the start is done."""
    gc.collect()
    gc.freeze()  # what the start made stays: looking through it again and again would hold up answers
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _FULL_COLLECTIONS)
    sys.setswitchinterval(_TURN)
