"""What a deployed version consists of, and the signature that nobody without the folder of keys can make."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from common.errors import DeploymentError
from events.keys import KeyService

__all__ = ["FileEntry", "Manifest", "Signer", "digest", "manifest_of"]

_SIGNS = b"agent-supervisor signatures of deployed agents"
_ALGORITHM = "hmac-sha256"
_KEYS_OF = "agent-supervisor:deployed-agents"
"""The name under which the key service keeps the keys that sign: no tenant's payload is encrypted under them."""


class FileEntry(BaseModel):
    """A file of a version: SHA-256 of its content in hex, and its size in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Manifest(BaseModel):
    """A version of an agent: its files by their paths, what they were made from, and the figures of its checks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    name: str
    version: str
    created: datetime
    build: str = ""
    specification_hash: str
    files: dict[str, FileEntry]
    figures: dict[str, JsonValue] = Field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The content of ``manifest.json``."""
        return (self.model_dump_json(indent=2) + "\n").encode()

    def is_same_content(self, other: Manifest) -> bool:
        """Whether both describe the same files made from the same specification, whenever and by whichever build."""
        return self.files == other.files and self.specification_hash == other.specification_hash


def manifest_of(
    name: str,
    version: str,
    files: Mapping[str, bytes],
    *,
    created: datetime,
    specification_hash: str,
    build: str,
    figures: Mapping[str, JsonValue],
) -> Manifest:
    """The manifest of these files."""
    entries = {path: FileEntry(sha256=digest(files[path]), size=len(files[path])) for path in sorted(files)}
    return Manifest(
        name=name, version=version, created=created, build=build, specification_hash=specification_hash,
        files=entries, figures=dict(figures),
    )  # fmt: skip


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


class Signer:
    """Signs manifests and checks signatures, by HMAC-SHA256 under a key derived (HKDF) from one of the key service.

    A signature is ``hmac-sha256:<id of the key>:<hex>``. Methods block and may be called from any thread.
    """

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys

    def sign(self, manifest: bytes) -> str:
        """The signature of a manifest's content. Raises `StoreUnavailable` where the service has no key to give."""
        key = self._keys.current(_KEYS_OF)
        return f"{_ALGORITHM}:{key.id}:{_mac(key.secret, manifest)}"

    def check(self, manifest: bytes, signature: str, *, where: str) -> None:
        """Raise `DeploymentError` where the signature is not that of the manifest, or its key is gone."""
        algorithm, _, rest = signature.strip().partition(":")
        key_id, _, told = rest.partition(":")
        key = self._keys.get(key_id) if algorithm == _ALGORITHM else None
        if key is None:
            raise DeploymentError(
                "the key that signed this agent is not there, so its files can't be trusted",
                where=where,
                todo="Restore the folder of keys (store.keys), or build and deploy the agent again.",
            )
        if key.tenant != _KEYS_OF or not hmac.compare_digest(_mac(key.secret, manifest), told):
            raise DeploymentError(
                "the signature of this agent is wrong: its manifest was changed", where=where, todo=_AGAIN
            )


_AGAIN = "Find out who changed it; then deploy the agent again, or roll it back."


def _mac(secret: bytes, content: bytes) -> str:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(SHA256(), 32, None, _SIGNS).derive(secret)
    return hmac.digest(derived, content, "sha256").hex()
