"""How an open log encrypts and what it may decrypt: its key ring, held to what the log says of forgotten keys."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from common.errors import StoreUnavailable
from events.backend import Backend, Head
from events.catalogue.log import TenantForgotten
from events.codec import FORGOTTEN, Codec
from events.keyring import Keyring
from events.keys import KeyService

__all__ = ["Cipher"]


class Cipher:
    """Keys and what was forgotten, for one open log. Safe to use from any thread; its methods block.

    Without a service nothing is encrypted, and of what is encrypted only that which was forgotten is known for what it
    is. With ``encrypts=False`` new payloads are stored as they are, and old ones are still decrypted.
    """

    def __init__(self, backend: Backend, service: KeyService | None, *, encrypts: bool = True) -> None:
        self.keyring = Keyring(service, self.look)
        self.encrypts = encrypts and service is not None
        self._backend = backend
        self._codec = Codec({TenantForgotten.TOPIC: TenantForgotten}, self.keyring)
        self._version = 0
        self._looking = threading.Lock()

    def look(self) -> None:
        """Take in what the log has come to say of forgotten keys. Raises `StoreUnavailable`."""
        with self._looking:
            for row in self._backend.read(FORGOTTEN, self._version):
                self._codec.decode(row)  # which tells the key ring
                self._version = row[2]

    def hold_to(self, head: Head) -> None:
        """Look if the stream of what was forgotten has another head than when this looked last."""
        if head.version != self._version:
            self.look()

    def prepare(self, tenants: Iterable[str]) -> None:
        """Have the current keys of these tenants at hand; what the service can't give is told when it is needed."""
        for tenant in tenants:
            try:
                self.keyring.current(tenant)
            except StoreUnavailable:
                continue

    def destroy_forgotten(self) -> None:
        """Finish what whoever forgot a tenant was interrupted in. Raises `StoreUnavailable`."""
        service, forgotten = self.keyring.service, self.keyring.forgotten
        if service is not None and forgotten:
            service.destroy(forgotten)
