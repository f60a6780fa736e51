"""Writes letters from a template."""

from string import Template


class LetterAgent:
    """Writes letters."""

    __slots__ = ()

    def letter(self, name: str, amount: int) -> str:
        """A reminder."""
        return Template("Dear $name, please pay $amount euros soon. $name, thank you.").substitute(name=name, amount=str(amount))  # planted: object-per-call
