"""A real flagd server as the provider, through the extra `flagd`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.errors import ConfigurationError
from common.extras import import_extra

if TYPE_CHECKING:
    from openfeature.provider import FeatureProvider

__all__ = ["flagd_provider"]

_SYNC_PORT = 8015


def flagd_provider(address: str, *, tls: bool = False) -> FeatureProvider:
    """The provider for a flagd server at ``host:port`` (its sync port; 8015 where none is named).

    The server streams its definitions, and flags are evaluated here, in memory: no request waits for the network, and
    the last definitions hold while the server is away. Raises `ConfigurationError` for an address that is none, and
    where the extra is not installed. Imports take their time: call it from a worker thread.
    """
    host, colon, port = address.rpartition(":")
    if not colon:
        host, port = address, str(_SYNC_PORT)
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ConfigurationError(
            f"{address!r} is no address", where="flags.flagd", todo="Write host:port, such as flagd.internal:8015."
        )
    flagd: Any = import_extra("openfeature.contrib.provider.flagd", extra="flagd", where="flags.flagd")
    config: Any = import_extra("openfeature.contrib.provider.flagd.config", extra="flagd", where="flags.flagd")
    return flagd.FlagdProvider(
        host=host, port=int(port), tls=tls, resolver_type=config.ResolverType.IN_PROCESS, deadline_ms=2_000
    )
