"""Whether the blobs that events name are there, and are what was written."""

from __future__ import annotations

from collections.abc import Sequence

from common.errors import StoreError
from events.backend import Backend
from events.blobs import DamagedBlob, key_of, open_blob
from events.keyring import KeyErased, KeyMissing, Keyring
from events.persistence.scratch_names import ScratchNames

__all__ = ["BlobCheck"]


class BlobCheck:
    """Looks at each blob once, in the order of the events; one at a time is in memory. Its methods block."""

    def __init__(self, backend: Backend, keyring: Keyring | None) -> None:
        self._backend = backend
        self._keyring = keyring
        self._seen = ScratchNames()
        self.blobs = 0
        """How many were named."""

    def check(self, names: Sequence[str]) -> list[str]:
        """What is wrong with those of an event's blobs that no event before it named.

        One that was erased by forgetting its key is no problem; one whose key is missing is checked without it.
        """
        found = [self._problem(name) for name in names if self._seen.add(name)]
        self.blobs += len(found)
        return [problem for problem in found if problem]

    def close(self) -> None:
        """Let go what it needed."""
        self._seen.close()

    def _problem(self, name: str) -> str:
        problem = ""
        try:
            stored = self._backend.blob(name)
            if stored is not None:
                open_blob(name, stored, self._keyring)
            elif not self._is_forgotten(key_of(name)):
                problem = "is missing"
        except (KeyErased, KeyMissing):
            pass
        except DamagedBlob as error:
            problem = f"is damaged: {error.problem}"
        except StoreError as error:
            problem = f"can't be read: {error.what}"
        return f"the blob {name} that it names {problem}" if problem else ""

    def _is_forgotten(self, key_id: str | None) -> bool:
        return key_id is not None and self._keyring is not None and self._keyring.is_forgotten(key_id)
