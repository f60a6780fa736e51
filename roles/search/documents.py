"""The embedded search source: each owner's documents folder and the shipped collection, in an index per owner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread

from common.context import Owner
from common.settings import Settings
from roles.search.index import DocumentIndex, Folder
from roles.search.query import SearchQuery
from roles.search.reader import DocumentReader, MarkdownReader, TextReader
from roles.search.source import COLLECTION, DOCUMENTS, Findings, FoundDocument

__all__ = ["DocumentSource"]

_SHIPPED = Path(__file__).parent / "collection"


class DocumentSource:
    """Implements `roles.search.source.SearchSource`; SQLite and files are reached from worker threads.

    `index_seconds` bounds how long one search spends on new documents, `busy_seconds` how long it waits for others.
    """

    def __init__(
        self,
        settings: Settings,
        readers: Sequence[DocumentReader] | None = None,
        *,
        index_seconds: float = 10.0,
        busy_seconds: float = 5.0,
    ) -> None:
        self._settings = settings
        self._readers = (MarkdownReader(), TextReader()) if readers is None else tuple(readers)
        self._seconds = index_seconds
        self._busy_seconds = busy_seconds

    async def search(self, owner: Owner, query: SearchQuery, limit: int) -> Findings:
        """See the protocol."""
        return await anyio.to_thread.run_sync(lambda: self._index(owner).search(query, limit))

    async def read(self, owner: Owner, name: str, max_chars: int) -> FoundDocument | None:
        """See the protocol."""
        return await anyio.to_thread.run_sync(lambda: self._index(owner).read(name, max_chars))

    def _index(self, owner: Owner) -> DocumentIndex:
        settings = self._settings
        # The default owner's folder may be set to one that holds the folders of others.
        own = Folder(DOCUMENTS, settings.documents_folder(owner), exclude=(settings.data_dir / "owners",))
        folders = [own, Folder(COLLECTION, _SHIPPED)] if settings.search.shipped_collection else [own]
        path = settings.folder_of(owner) / "search.db"
        return DocumentIndex(
            path,
            folders,
            self._readers,
            max_file_bytes=settings.search.max_file_bytes,
            seconds=self._seconds,
            busy_seconds=self._busy_seconds,
        )
