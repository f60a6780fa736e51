"""Merges the tags of documents."""


class TagMerger:
    """Tags of documents."""

    __slots__ = ("_limit",)

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def merge(self, documents: list[dict]) -> list[str]:
        """All tags, one after the other."""
        tags: list[str] = []
        for document in documents:
            tags = tags + [tag.strip() for tag in document["tags"]]  # planted: concatenation
        return tags[: self._limit]
