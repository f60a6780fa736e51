"""A TCP connection's way through a process of the tests, which may cut it at a chosen message."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Generator

__all__ = ["TcpProxy", "proxied"]

_BYTES = 65_536


class TcpProxy:
    """Passes connections on to a port. With `cut_at` set, the next message that holds it is the last of its connection:
    it is passed on where `passing` says so, and its answer is not.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.cut_at = b""
        self.passing = True
        self.refusing = False
        self.cuts = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.refusing:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
                threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, outward: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_BYTES):
                if outward and self.cut_at and self.cut_at in data:
                    self.cut_at, self.cuts = b"", self.cuts + 1
                    source.shutdown(socket.SHUT_RDWR)
                    if self.passing:
                        target.sendall(data)
                    break
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for entry in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                entry.shutdown(socket.SHUT_RDWR)
            entry.close()


@contextlib.contextmanager
def proxied(port: int) -> Generator[TcpProxy]:
    """A proxy to a port, for a while."""
    proxy = TcpProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
