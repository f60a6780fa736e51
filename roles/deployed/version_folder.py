"""The folder of a deployed version: it appears whole and on the disk, and is believed only as far as it was signed.

<root>/<name>/<version>/manifest.json   what the version consists of
<root>/<name>/<version>/manifest.sig    the manifest's signature
<root>/<name>/<version>/…               the files
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from common.errors import DeploymentError
from common.sandbox import Project
from roles.deployed.manifest import Manifest, Signer, digest

__all__ = ["MANIFEST", "SIGNATURE", "Version", "read_version", "versions_in", "write_version"]

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
_NEW = ".new-"
_LEFT_BEHIND = 3_600.0
"""Seconds after which a folder that was being written has no writer any more."""
_MAX_MANIFEST = 4 * 2**20
_VERSION = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}")


@dataclass(frozen=True, slots=True)
class Version:
    """A version as it was read and checked: `files` are the very bytes whose hashes were compared."""

    folder: Path
    manifest: Manifest
    manifest_hash: str
    signature: str
    files: Mapping[str, bytes]


def write_version(root: Path, manifest: Manifest, files: Mapping[str, bytes], signer: Signer) -> Version | None:
    """Write a version and return it once all of it is on the disk; None where the place is taken. Blocks.

    A process that dies on the way leaves nothing under the version's name. Raises `DeploymentError` where the folder
    can't be written, and `SandboxError` for paths that lead out of it.
    """
    Project(files)  # refuses paths that are not within one folder, and too many or too large files
    content = manifest.to_bytes()
    signature = signer.sign(content)
    target = root / manifest.name / manifest.version
    new = target.parent / f"{_NEW}{os.urandom(8).hex()}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        if target.exists():
            return None
        _write_all(new, {**files, MANIFEST: content, SIGNATURE: f"{signature}\n".encode()})
        try:
            os.rename(new, target)
        except OSError:
            if target.exists():  # another process was first
                return None
            raise
        for folder in (target.parent, root, root.parent):
            _sync_folder(folder)
    except OSError as error:
        raise DeploymentError(
            f"the agent's folder can't be written: {error.strerror}",
            where=str(error.filename or target),
            todo="Give this user the right to write it, and make room on the disk.",
        ) from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return Version(target, manifest, digest(content), signature, dict(files))


def read_version(
    folder: Path, signer: Signer, *, manifest_hash: str | None = None, signature: str | None = None
) -> Version:
    """A version, every file of it compared with the signed manifest. Blocks.

    `manifest_hash` and `signature` are what the log says; without them the folder's own signature counts. Raises
    `DeploymentError` for whatever is missing, changed or not signed.
    """
    where = str(folder)
    content = _read(folder / MANIFEST, _MAX_MANIFEST, where)
    told = signature if signature is not None else _read(folder / SIGNATURE, 4_096, where).decode(errors="replace")
    if manifest_hash is not None and digest(content) != manifest_hash:
        raise DeploymentError("the manifest is not the one that was deployed", where=where, todo=_AGAIN)
    signer.check(content, told, where=where)
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError:
        raise DeploymentError(
            "the manifest was written by another version of this package", where=where, todo="Deploy the agent again."
        ) from None
    files: dict[str, bytes] = {}
    for path, entry in manifest.files.items():
        found = _read(folder / path, entry.size, where)
        if digest(found) != entry.sha256:
            raise DeploymentError(f"the file {path} was changed after the deployment", where=where, todo=_AGAIN)
        files[path] = found
    return Version(folder, manifest, digest(content), told.strip(), files)


_AGAIN = "Find out who changed it; then deploy the agent again, or roll it back."


def versions_in(root: Path, name: str) -> list[str]:
    """The versions of an agent that have a folder; blocks."""
    try:
        return [entry.name for entry in os.scandir(root / name) if _VERSION.fullmatch(entry.name)]
    except FileNotFoundError:
        return []


def _read(path: Path, size: int, where: str) -> bytes:
    """A file of at most `size` bytes; of a larger one a byte more than that. Raises `DeploymentError`."""
    try:
        with path.open("rb") as file:
            return file.read(size + 1)
    except OSError as error:
        raise DeploymentError(
            f"{path.name} of a deployed agent can't be read: {error.strerror}", where=where, todo=_AGAIN
        ) from None


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    folders = {folder}
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        inner = target.parent
        while inner != folder:
            folders.add(inner)
            inner = inner.parent
        with target.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    for each in folders:
        _sync_folder(each)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Remove what processes that died while they wrote have left behind."""
    for entry in os.scandir(folder):
        if entry.name.startswith(_NEW):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - entry.stat().st_mtime > _LEFT_BEHIND:
                    shutil.rmtree(entry.path, ignore_errors=True)
