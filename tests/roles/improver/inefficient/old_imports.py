"""Greets people."""

import difflib  # planted: unused-import
import statistics  # planted: unused-import
import textwrap

_GREETINGS = ("Hello", "Good day")


class Greeter:
    """Greets."""

    __slots__ = ()

    def greet(self, name: str) -> str:
        """A greeting that fits into a line."""
        return textwrap.shorten(_GREETINGS[len(name) % 2] + ", " + name, 30)
