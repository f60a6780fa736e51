"""Writes a report, line by line."""


def report(names: list[str], amounts: list[int]) -> str:
    """One line for each name."""
    out = "Report\n"
    for name, amount in zip(names, amounts):
        out = out + name + ": " + str(amount) + "\n"  # planted: concatenation
    return out
