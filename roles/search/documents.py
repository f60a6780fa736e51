"""The embedded search source: each owner's documents folder and the shipped collection, in an index per owner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread

from common.context import Owner
from common.errors import ConfigurationError
from common.health import Reached
from common.owner_keys import DEFAULT_OWNER
from common.settings import Settings
from roles.search.file_readers import HtmlReader, PdfReader
from roles.search.index import DocumentIndex, Folder
from roles.search.query import SearchQuery
from roles.search.reader import DocumentReader, MarkdownReader, TextReader
from roles.search.source import COLLECTION, DOCUMENTS, Findings, FoundDocument, SearchUnavailable

__all__ = ["DocumentSource"]

_READERS: tuple[DocumentReader, ...] = (MarkdownReader(), TextReader(), HtmlReader(), PdfReader())
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
        self._readers = _READERS if readers is None else tuple(readers)
        self._seconds = index_seconds
        self._busy_seconds = busy_seconds

    async def search(self, owner: Owner, query: SearchQuery, limit: int) -> Findings:
        """See the protocol."""
        return await anyio.to_thread.run_sync(lambda: self._index(owner).search(query, limit))

    async def read(self, owner: Owner, name: str, max_chars: int) -> FoundDocument | None:
        """See the protocol."""
        return await anyio.to_thread.run_sync(lambda: self._index(owner).read(name, max_chars))

    async def probe(self) -> Reached:
        """Whether the default owner's documents can be listed and their index be used; nothing is changed."""
        return await anyio.to_thread.run_sync(self._probe)

    def _probe(self) -> Reached:
        folder = self._settings.documents_folder(DEFAULT_OWNER)
        if self._settings.search.folder is not None and not folder.is_dir():
            raise ConfigurationError(
                "the folder of documents is not there",
                where=f"search.folder {folder}",
                todo="Make it, or name another one.",
            )
        try:
            documents, indexed, problems = self._index(DEFAULT_OWNER).look()
        except SearchUnavailable as error:
            raise ConfigurationError(
                str(error), where=f"data_dir {self._settings.data_dir}", todo="Name a data_dir you may write to."
            ) from error
        notes = [f"{indexed} indexed" if indexed is not None else "indexed at the first search", *problems[:3]]
        return Reached(detail=f"{documents} document{'' if documents == 1 else 's'}, {'; '.join(notes)}")

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
