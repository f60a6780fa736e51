"""Encrypts and decrypts under the keys of a key service, of which it remembers those in use.

AES-256-GCM with a random nonce of 12 bytes in front of the ciphertext. What is encrypted is bound to its place by the
additional data (`aad`): moved anywhere else it can't be decrypted.
"""

from __future__ import annotations

import hmac
import os
import threading
import time
from collections.abc import Callable, Collection
from json.encoder import encode_basestring
from typing import Any

from common.errors import StoreUnavailable
from events.keys import DataKey, KeyService

__all__ = [
    "NONCE_BYTES",
    "DamagedCiphertext",
    "KeyErased",
    "KeyMissing",
    "KeyUnavailable",
    "Keyring",
    "TenantKey",
]

NONCE_BYTES = 12
_CACHED_KEYS = 10_000
_CURRENT_FOR = 60.0
"""Seconds after which the service is asked again for a tenant's current key: it may rotate them."""
_RESPITE, _LONGEST_RESPITE = 3, 30.0
"""How many times as long as it took to fail, and how many seconds at most, a service is not asked again."""
_QUICK = 0.1
"""Seconds within which a failure keeps nobody waiting: the service is asked again by the next append."""
_NAMES = b"agent-supervisor names of blobs"


class KeyUnavailable(Exception):
    """Raised when something can't be decrypted; the base of the three ways in which that comes about."""


class KeyErased(KeyUnavailable):
    """Raised for what was encrypted under a key that was forgotten on purpose."""


class KeyMissing(KeyUnavailable):
    """Raised for what was encrypted under a key that the service does not have, though nobody forgot it."""


class DamagedCiphertext(KeyUnavailable):
    """Raised for a ciphertext that was changed, or that is not where it was put."""


class TenantKey:
    """A key ready for use, from any thread; `told` is what a header says of it."""

    __slots__ = ("_aead", "_names", "_secret", "id", "tenant", "told")

    def __init__(self, key: DataKey) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.id = key.id
        self.tenant = key.tenant
        self.told = f',"key":{encode_basestring(key.id)}'
        self._secret = key.secret
        self._aead = AESGCM(key.secret)
        self._names: bytes | None = None

    def encrypt(self, aad: bytes, payload: bytes, nonce: bytes | None = None) -> bytes:
        """Nonce and ciphertext; a `nonce` that is given must be 12 random bytes that were never used before."""
        nonce = os.urandom(NONCE_BYTES) if nonce is None else nonce
        return nonce + self._aead.encrypt(nonce, payload, aad)

    def decrypt(self, aad: bytes, ciphertext: bytes) -> bytes:
        """What was encrypted with the same `aad`. Raises `DamagedCiphertext`."""
        try:
            return self._aead.decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], aad)
        except Exception as error:
            from cryptography.exceptions import InvalidTag

            if not isinstance(error, InvalidTag | ValueError):
                raise
            raise DamagedCiphertext("the ciphertext was changed, or is not where it was put") from None

    def name(self, content: bytes) -> str:
        """A name for content that tells nothing of it to whoever lacks the key (HMAC-SHA256, 64 hex characters).

        The same content has the same name under the same key.
        """
        if self._names is None:
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.kdf.hkdf import HKDF

            self._names = HKDF(SHA256(), 32, None, _NAMES).derive(self._secret)
        return hmac.digest(self._names, content, "sha256").hex()


class Keyring:
    """The keys in use. Safe to use from any thread.

    `forget` names keys that must not be used any more, whether or not the service still has them. `look_again` is
    called before a key is held for missing: it may call `forget` with what came to be known meanwhile. `clock` tells
    seconds that never go back.
    """

    def __init__(
        self,
        service: KeyService | None,
        look_again: Callable[[], None] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._clock = clock
        self._look_again = look_again
        self._lock = threading.Lock()
        self._keys: dict[str, TenantKey] = {}
        self._current: dict[str, tuple[TenantKey | StoreUnavailable, float]] = {}
        self._used: dict[str, str] = {}
        """By tenant the key that was used last for new payloads: it does not go away unless it is forgotten."""
        self._lost: set[str] = set()
        """Tenants of whom a key was looked for in vain."""
        self._missing: set[str] = set()
        """Keys that were looked for in vain since the last `refresh`."""
        self._forgotten: frozenset[str] = frozenset()
        self._stamp = self._asked_stamp(None)

    @property
    def service(self) -> KeyService | None:
        """What keeps the keys; its methods block. None where there are none to be had."""
        return self._service

    @property
    def forgotten(self) -> frozenset[str]:
        """The ids of keys that were forgotten on purpose."""
        return self._forgotten

    def current(self, tenant: str) -> TenantKey:
        """The key for new payloads of a tenant; never one that was forgotten.

        Raises `StoreUnavailable` where the service has none to give; when it took long to say so it is left alone for
        some time.
        """
        known, until = self._current.get(tenant, (None, 0.0))
        now = self._clock()
        if known is not None and now < until:
            if isinstance(known, TenantKey):
                return known
            raise StoreUnavailable(known.what, where=known.where, todo=known.todo)
        stamp = self._stamp
        try:
            key = self._usable(tenant)
        except StoreUnavailable as error:
            took = self._clock() - now
            if took > _QUICK:
                with self._lock:
                    self._current[tenant] = (error, now + took + min(_RESPITE * took, _LONGEST_RESPITE))
            raise
        with self._lock:
            ready = self._keep(key, stamp)
            self._current.pop(tenant, None)
            if ready.id in self._keys:
                self._current[tenant] = (ready, now + _CURRENT_FOR)
                _bound(self._current)
            self._used[tenant] = ready.id
            _bound(self._used)
        return ready

    def _usable(self, tenant: str) -> DataKey:
        service = self._service
        if service is None:
            raise StoreUnavailable("there are no keys to encrypt with", where=f"tenant {tenant!r}")
        self._refuse_lost(service, tenant)
        key = service.current(tenant)
        if key.id in self._forgotten:  # it was to be destroyed, and whoever did so was interrupted
            service.destroy([key.id])
            key = service.current(tenant)
        if key.id in self._forgotten or key.tenant != tenant:
            whose = "of another tenant" if key.tenant != tenant else "that it was told to destroy"
            raise StoreUnavailable(
                f"the key service gives out a key {whose}",
                where=f"tenant {tenant!r}",
                todo="Have it make a new key for this tenant.",
            )
        return key

    def _refuse_lost(self, service: KeyService, tenant: str) -> None:
        """Raise `StoreUnavailable` where a new key would be made in place of those that were lost."""
        used = self._used.get(tenant)
        lost = used is not None and service.get(used) is None
        if lost and self._look_again is not None:
            self._look_again()
        if (lost and used not in self._forgotten) or (tenant in self._lost and not service.keys_of(tenant)):
            raise StoreUnavailable(
                "keys of this tenant are missing, so nothing more of it is written",
                where=f"tenant {tenant!r}",
                todo="Restore them; or give up what they encrypted by agent-supervisor events forget.",
            )
        self._lost.discard(tenant)

    def miss(self, tenant: str) -> None:
        """Remember that a key of this tenant is missing: no new one is made over that."""
        self._lost.add(tenant)

    def find(self, key_id: str) -> TenantKey:
        """A key by its id. Raises `KeyErased`, `KeyMissing`, and `StoreUnavailable` when the service can't be asked."""
        if key_id in self._forgotten:
            raise KeyErased(key_id)
        ready = self._keys.get(key_id)
        if ready is not None:
            return ready
        if key_id in self._missing:
            raise KeyMissing(key_id)
        stamp = self._stamp
        key = self._service.get(key_id) if self._service is not None else None
        if key is None:
            if self._look_again is not None:
                self._look_again()
            if key_id in self._forgotten:
                raise KeyErased(key_id)
            self._missing.add(key_id)
            raise KeyMissing(key_id)
        with self._lock:
            if key_id in self._forgotten:
                raise KeyErased(key_id)
            return self._keep(key, stamp)

    def encrypt(self, tenant: str, aad: bytes, payload: bytes) -> tuple[str, bytes]:
        """Encrypt under the tenant's current key: the key's id, and nonce and ciphertext. Raises `StoreUnavailable`."""
        key = self.current(tenant)
        return key.id, key.encrypt(aad, payload)

    def decrypt(self, key_id: str, aad: bytes, ciphertext: bytes) -> bytes:
        """What was encrypted. Raises `KeyErased`, `KeyMissing`, `DamagedCiphertext` or `StoreUnavailable`."""
        return self.find(key_id).decrypt(aad, ciphertext)

    def is_forgotten(self, key_id: str) -> bool:
        """Whether a key was forgotten on purpose, as far as is known here."""
        return key_id in self._forgotten

    def forget(self, key_ids: Collection[str]) -> None:
        """Use these keys no more, for anything."""
        with self._lock:
            if self._forgotten.issuperset(key_ids):
                return
            self._forgotten = self._forgotten.union(key_ids)
            for key_id in key_ids:
                self._keys.pop(key_id, None)
            for tenant, (key, _) in list(self._current.items()):
                if not isinstance(key, TenantKey) or key.id in self._forgotten:
                    del self._current[tenant]

    def refresh(self) -> None:
        """For the beginning of a read: drop what is remembered if the service has destroyed keys since."""
        if self._missing:
            self._missing = set()
        stamp = self._asked_stamp(self._stamp)
        if stamp != self._stamp:
            with self._lock:
                self._stamp = stamp
                self._keys.clear()
                self._current.clear()

    def _keep(self, key: DataKey, stamp: object) -> TenantKey:
        """Remember a key, unless keys were destroyed or forgotten since `stamp`, when the service was asked for it."""
        ready = self._keys.get(key.id)
        if ready is not None:
            return ready
        ready = TenantKey(key)
        if stamp == self._stamp and key.id not in self._forgotten:
            self._keys[key.id] = ready
            _bound(self._keys)
        return ready

    def _asked_stamp(self, before: object) -> object:
        """The service's stamp; the one before while it can't be asked: what was forgotten is known from the log."""
        try:
            return self._service.stamp() if self._service is not None else None
        except StoreUnavailable:
            return before


def _bound(cache: dict[str, Any]) -> None:
    while len(cache) > _CACHED_KEYS:
        del cache[next(iter(cache))]
