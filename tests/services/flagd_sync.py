"""A local server that speaks flagd's sync protocol (flagd.sync.v1) over gRPC, with flagd's own message classes."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from openfeature.schemas.protobuf.flagd.sync.v1 import sync_pb2, sync_pb2_grpc


class FlagdSync(sync_pb2_grpc.FlagSyncServiceServicer):
    """Streams the definitions to everybody who asks, at once and whenever they change."""

    def __init__(self, definitions: Any) -> None:
        self._lock = threading.Lock()
        self._definitions = json.dumps(definitions)
        self._streams: list[queue.Queue[str | None]] = []
        self.port = 0

    def change(self, definitions: Any) -> None:
        """Have other definitions; whoever listens gets them."""
        with self._lock:
            self._definitions = json.dumps(definitions)
            for stream in self._streams:
                stream.put(self._definitions)

    def end(self) -> None:
        """End all streams."""
        with self._lock:
            for stream in self._streams:
                stream.put(None)

    def SyncFlags(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802 - the protocol's name
        """Stream the definitions."""
        stream: queue.Queue[str | None] = queue.Queue()
        with self._lock:
            stream.put(self._definitions)
            self._streams.append(stream)
        while (text := stream.get()) is not None:
            yield sync_pb2.SyncFlagsResponse(flag_configuration=text)

    def GetMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """As flagd answers where it has no static context."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "no metadata")


@contextmanager
def flagd_sync(definitions: Any) -> Generator[FlagdSync]:
    """Run the server on a free port; stops with the block."""
    service = FlagdSync(definitions)
    server = grpc.server(ThreadPoolExecutor(4))
    sync_pb2_grpc.add_FlagSyncServiceServicer_to_server(service, server)
    service.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield service
    finally:
        service.end()
        server.stop(None).wait(5)
