"""An index of photos."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Photo:  # planted: no-slots
    file: str
    taken: int
    tags: tuple

    @property
    def year(self) -> int:
        return 1970 + self.taken // 31556952


class PhotoIndex:
    """Photos of one person."""

    def __init__(self, rows: list[dict]) -> None:
        self.photos = [Photo(row["file"], row["taken"], tuple(row["tags"])) for row in rows]
        self.suffixes = {".jpg": "photo", ".png": "picture", ".gif": "animation", ".raw": "negative"}  # planted: table-per-instance
        self._gamma = [round(255 * (v / 255) ** 2.2) for v in range(256)]  # planted: eager-attribute

    def by_tag(self, tag: str) -> list[str]:
        """Files with a tag."""
        return [photo.file for photo in self.photos if tag in photo.tags]

    def tags(self) -> list[str]:
        """All tags, as they come."""
        known: list[str] = []
        for photo in self.photos:
            for tag in photo.tags:
                if tag not in known:  # planted: list-membership
                    known.append(tag)
        return known

    def sidecar(self, number: int) -> str:
        """What is written beside a photo."""
        photo = self.photos[number]
        return json.dumps({"file": photo.file, "year": photo.year})

    def gamma(self, value: int) -> int:
        """The corrected brightness."""
        return self._gamma[value]

    def kind(self, file: str) -> str:
        """What a file is by its suffix."""
        return self.suffixes.get("." + file.rpartition(".")[2].lower(), "unknown")
