"""Writes a ledger as text, newest entry first."""


class LedgerExport:
    """Text of ledgers."""

    __slots__ = ()

    def newest_first(self, entries: list[str]) -> str:
        """One line an entry; the last entry comes first."""
        text = ""
        for entry in entries:
            text = entry + "\n" + text  # planted: concatenation
        return text
