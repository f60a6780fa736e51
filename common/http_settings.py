"""Settings of the HTTP API."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from common.section import Positive, Section

__all__ = ["HttpSettings"]


class HttpSettings(Section):
    """The HTTP API and the dashboard (`agent-supervisor serve`)."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8081, gt=0, lt=65_536)
    tls_cert: Path | None = Field(default=None, description="PEM file of the certificate and those above it")
    tls_key: Path | None = Field(default=None, description="PEM file of its private key")
    behind_proxy: bool = Field(
        default=False, description="a proxy in front ends TLS and says who calls (X-Forwarded-For, X-Forwarded-Proto)"
    )
    proxy_hops: int = Field(default=1, gt=0, le=10, description="how many proxies in front add to X-Forwarded-For")
    max_body: int = Field(default=1_048_576, gt=0, description="bytes of a request's body")
    body_timeout: Positive = Field(
        default=10.0, description="seconds within which a call's headers must have come, and its body"
    )
    timeout: Positive = Field(default=30.0, description="seconds an answer may take that is not one to a request")
    rate: Positive = Field(default=500.0, description="calls a second of one token")
    burst: int = Field(default=1_000, gt=0, description="calls of one token at once")
    refused_rate: Positive = Field(default=2.0, description="calls a second without a token that counts, by address")
    refused_burst: int = Field(default=20, gt=0)
    connections: int = Field(default=2_000, gt=0, description="connections at once; beyond, calls are refused (503)")
    stall_timeout: Positive = Field(
        default=30.0, description="seconds after which a connection is closed whose reader takes nothing"
    )
    streams: int = Field(default=500, gt=0, description="streams that may be open at once")
    token_streams: int = Field(default=250, gt=0, description="of these, streams of one token")
    keep_alive: Positive = Field(default=15.0, description="seconds after which a silent stream says that it lives")
    session_hours: Positive = Field(default=12.0, description="how long a sign-in to the dashboard lasts")
    session_secret: Path | None = Field(
        default=None,
        description="file of the secret that signs sign-ins, the same for all that serve one log; None: in data_dir",
    )
