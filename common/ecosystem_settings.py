"""Settings of the tools and agents of others: MCP servers, A2A agents, and how others reach this supervisor."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from common.context import Owner
from common.intents import Policy
from common.owner_keys import DEFAULT_OWNER, check_owner_keys, owner_of_key
from common.section import Positive, Section

__all__ = [
    "A2AAgentSettings",
    "McpRoleSettings",
    "McpServerSettings",
    "ServingSettings",
    "check_categories",
]

_CATEGORY = re.compile(r"[a-z][a-z0-9_]{0,31}")
_SHORTEST_TOKEN = 16


def check_categories(names: Iterable[str]) -> None:
    """Raise `ValueError` for a name that can't be the category of tools."""
    for name in names:
        if not _CATEGORY.fullmatch(name):
            raise ValueError(
                f"{name[:60]!r} is no usable name: it takes up to 32 lower case letters, digits and underscores, "
                "the first a letter"
            )


def _address(value: str) -> str:
    if not value:
        return value
    try:
        parts = urlsplit(value)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError("it is no address; write it like https://tools.example.org/mcp") from None
    if not known or not value.isprintable() or " " in value:
        raise ValueError("it is no address; write it like https://tools.example.org/mcp")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it must not hold a password; write an Authorization header into headers")
    return value


def _token(value: SecretStr | None) -> SecretStr | None:
    if value is not None and len(value.get_secret_value()) < _SHORTEST_TOKEN:
        raise ValueError(f"a token has at least {_SHORTEST_TOKEN} characters; make a random one")
    return value


Address = Annotated[str, AfterValidator(_address)]
Token = Annotated[SecretStr | None, AfterValidator(_token)]


class McpRoleSettings(Section):
    """What makes a server's tools a role of its own, which requests are routed to and plans give tasks to."""

    description: str = Field(min_length=1, max_length=1_000, description="what it covers, and what not")
    examples: tuple[str, ...] = Field(default=(), description="a dozen requests in words that people really use")


class McpServerSettings(Section):
    """One MCP server: a command that is run and spoken to over its standard streams, or a streamable HTTP address."""

    command: str = Field(default="", description="the program of a server that is run here")
    args: tuple[str, ...] = ()
    env: dict[str, SecretStr] = Field(default_factory=dict, description="beside PATH, HOME, USER and the like")
    cwd: Path | None = Field(default=None, description="its folder, an absolute path")
    url: Address = Field(default="", description="instead of a command: where a server answers, https://…/mcp")
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="such as Authorization")
    start_timeout: Positive = Field(default=30.0, description="seconds until it has told its tools")
    timeout: Positive = Field(default=30.0, description="seconds one call may take")
    refresh: Positive = Field(default=60.0, description="seconds after which its tools are asked for again")
    allowed: tuple[str, ...] = Field(default=(), description="patterns of the tools that are taken; none: all")
    rejected: tuple[str, ...] = Field(default=(), description="patterns of the tools that are not")
    trust_hints: bool = Field(default=True, description="whether the server's own word is taken that a tool only reads")
    reads: tuple[str, ...] = Field(default=(), description="patterns of the tools that only read, whatever it says")
    effects: dict[str, Literal["idempotent", "at_most_once"]] = Field(
        default_factory=dict, description="by pattern: what calling a tool is, whatever the server says"
    )
    policy: Policy = Field(default=Policy.ASK, description="of the calls that may change something")
    role: McpRoleSettings | None = None

    @field_validator("cwd")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_absolute():
            raise ValueError("write an absolute path")
        return value

    @field_validator("env", "headers")
    @classmethod
    def _sendable(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            text = secret.get_secret_value()
            if not name or not name.isascii() or not name.isprintable() or any(mark in name for mark in "=: "):
                raise ValueError(f"{name[:60]!r} is no usable name")
            if "\n" in text or "\r" in text or "\0" in text:
                raise ValueError(f"the value of {name[:60]!r} holds a line break or a null character")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> McpServerSettings:
        if bool(self.command) == bool(self.url):
            raise ValueError("give either a command or a url")
        if self.url and (self.args or self.env or self.cwd):
            raise ValueError("args, env and cwd belong to a command, not to a url")
        if self.command and self.headers:
            raise ValueError("headers belong to a url, not to a command")
        return self


class A2AAgentSettings(Section):
    """An agent elsewhere that speaks A2A, as a tool here."""

    url: Address = Field(min_length=1, description="where its agent card is found, such as https://agents.example.org/")
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="such as Authorization")
    description: str = Field(default="", max_length=1_000, description="what it is asked for, in a sentence")
    examples: tuple[str, ...] = Field(default=(), description="requests for it, in words that people really use")
    reads: bool = Field(default=False, description="whether asking it changes nothing; else it is an intent")
    timeout: Positive = Field(default=60.0, description="seconds one answer may take")
    policy: Policy = Field(default=Policy.ASK, description="of asking it, where that may change something")


class ServingSettings(Section):
    """The supervisor as an MCP server or an A2A agent (`agent-supervisor mcp`, `agent-supervisor a2a`)."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8765, gt=0, lt=65_536)
    public_url: Address = Field(default="", description="what the agent card names; empty: host and port")
    token: Token = Field(default=None, description="bearer token of the default owner")
    tokens: dict[str, Token] = Field(default_factory=dict, description="of other owners, by tenant/user")
    approvals: bool = Field(default=False, description="whether a client may approve and deny")

    @field_validator("tokens")
    @classmethod
    def _owners(cls, value: dict[str, SecretStr | None]) -> dict[str, SecretStr | None]:
        check_owner_keys(value, "serving.token")
        return value

    @model_validator(mode="after")
    def _distinct(self) -> ServingSettings:
        given = [token.get_secret_value() for token in (self.token, *self.tokens.values()) if token is not None]
        if len(set(given)) != len(given):
            raise ValueError("two owners have the same token")
        return self

    def owners(self) -> list[tuple[SecretStr, Owner]]:
        """Every token with its owner."""
        found: list[tuple[SecretStr, Owner]] = [] if self.token is None else [(self.token, DEFAULT_OWNER)]
        found += [(token, owner_of_key(key)) for key, token in self.tokens.items() if token is not None]
        return found
