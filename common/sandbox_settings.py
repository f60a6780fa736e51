"""Settings of the sandboxes in which code runs that nobody has read."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from common.section import Positive, Section

__all__ = ["SANDBOX_VARIABLES", "SandboxSettings", "Size", "read_size"]

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}
_SIZE = re.compile(r"\s*(\d{1,15})\s*([kmg]?)i?b?\s*", re.IGNORECASE)

SANDBOX_VARIABLES = {
    "SANDBOX_MEMORY_LIMIT": ("sandbox", "memory"),
    "SANDBOX_CPU_LIMIT": ("sandbox", "cpus"),
    "DOCKER_TIMEOUT": ("sandbox", "timeout"),
}
"""Variables of the environment by short names that other tools use too, and the setting that each stands for."""


def read_size(value: object) -> object:
    """Bytes from "512m", "64 KiB" or "1g"; what is no such text is left to the validation that follows."""
    if isinstance(value, str) and (found := _SIZE.fullmatch(value)):
        return int(found[1]) * _UNITS[found[2].lower()]
    return value


Size = Annotated[int, BeforeValidator(read_size)]


class SandboxSettings(Section):
    """Where generated code may run, and what one run may use up (docs/sandbox.md)."""

    backends: tuple[Literal["bubblewrap", "docker"], ...] = Field(
        default=("bubblewrap", "docker"), min_length=1, description="the first that is available is taken"
    )
    memory: Size = Field(default=512 * 2**20, ge=64 * 2**20, description="bytes, also as 512m")
    cpus: float = Field(default=1.0, gt=0, le=64)
    timeout: Positive = Field(default=30.0, description="seconds by the clock that a run may take")
    output: Size = Field(default=2**20, ge=1024, description="bytes of standard output and error together")
    processes: int = Field(default=32, gt=0, le=1_000, description="processes and threads at once")
    disk: Size = Field(default=64 * 2**20, ge=2**20, description="bytes of files, held in memory")
    files: int = Field(default=10_000, gt=0, description="files and folders at once")
    concurrent: int = Field(default=2, gt=0, le=64, description="runs at once; more wait")
    docker_image: str = Field(default="python:3.11-slim", min_length=1)
