"""Collects the rows of several pages."""


def all_rows(pages: list[list[int]]) -> list[int]:
    """The positive numbers of all pages."""
    rows: list[int] = []
    for page in pages:
        for number in page:
            if number > 0:
                rows = rows + [number]  # planted: concatenation
    return rows
