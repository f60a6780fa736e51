"""Looks at the opening of a log whether the keys at hand are those that it was written with."""

from __future__ import annotations

from common.errors import ConfigurationError, StoreDamaged, StoreUnavailable
from common.logs import get_logger
from events.backend import Backend
from events.cipher import Cipher
from events.codec import DamagedFrame, unframe
from events.damage import is_whole
from events.keyring import KeyErased, KeyMissing
from events.keys import KeyService

__all__ = ["check_keys", "missing_keys", "open_cipher"]

_log = get_logger(__name__)
_LAST = 64
_PLACES = 8
_AT_A_PLACE = 4


def open_cipher(backend: Backend, keys: KeyService | None, *, encrypts: bool, allow_missing: bool) -> Cipher:
    """The keys for a log that is being opened, held to what it says; blocks.

    Destroys what was forgotten and is still there. Raises `StoreUnavailable`, and unless `allow_missing` like
    `check_keys`.
    """
    cipher = Cipher(backend, keys, encrypts=encrypts)
    cipher.look()
    try:
        cipher.destroy_forgotten()
    except StoreUnavailable as error:  # they are used by nobody, whether they exist or not
        _log.error("forgotten keys could not be destroyed, which is tried again at the next opening: %s", error)
    if not allow_missing:
        check_keys(backend, cipher)
    return cipher


def check_keys(backend: Backend, cipher: Cipher) -> None:
    """Raise `ConfigurationError` when events are encrypted under keys that are not there; blocks.

    A few events are looked at: the last ones, and where none of those is encrypted, some here and there. So a lost
    folder, or that of another log, is found before anything is decided or written without it.
    """
    missing = missing_keys(backend, cipher)
    if not missing:
        return
    key_id, tenant = next(iter(missing.items()))
    more = f" and {len(missing) - 1} others" if len(missing) > 1 else ""
    if cipher.keyring.service is None:
        raise ConfigurationError(
            "the log is encrypted, and no keys were given to open it with",
            where=f"key {key_id} of tenant {tenant!r}{more}",
            todo="Give the keys it was written with (store.keys).",
        )
    raise ConfigurationError(
        "the log holds events whose keys are missing: the keys are lost, or those of another log",
        where=f"key {key_id} of tenant {tenant!r}{more}",
        todo="Restore the folder of keys, or set store.keys to the right one. What nobody can read any more is given "
        "up by agent-supervisor events forget --tenant NAME.",
    )


def missing_keys(backend: Backend, cipher: Cipher) -> dict[str, str]:
    """Of the keys that a few events need, those that are not there and were not forgotten, with their tenants; blocks.

    Raises `StoreUnavailable` when the key service can't be asked.
    """
    head = backend.head()
    needed = _needed(backend, max(0, head - _LAST), _LAST)
    for place in range(0 if needed or head <= _LAST else _PLACES):
        needed |= _needed(backend, head * place // _PLACES, _AT_A_PLACE)
    missing: dict[str, str] = {}
    cipher.keyring.refresh()
    for key_id, tenant in needed.items():
        try:
            cipher.keyring.find(key_id)
        except KeyErased:
            continue
        except KeyMissing:
            missing[key_id] = tenant
    return missing


def _needed(backend: Backend, after: int, limit: int) -> dict[str, str]:
    """The keys of some events, with their tenants; damage is found by others."""
    needed: dict[str, str] = {}
    try:
        rows = backend.page(after, None, limit).rows
    except StoreDamaged:
        return needed
    for row in rows:
        if not is_whole(row):
            continue
        _, stream, version, topic, stored = row
        try:
            header = unframe(stream, version, topic, stored).header
        except DamagedFrame:
            continue
        key_id = header.get("key")
        if isinstance(key_id, str):
            needed[key_id] = str(header.get("tenant"))
    return needed
