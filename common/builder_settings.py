"""Settings of the builder, which makes agents from what is asked for in words."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from common.sandbox_settings import Size
from common.section import Positive, Section

__all__ = ["BUILDER_VARIABLES", "BuilderSettings"]

BUILDER_VARIABLES = {
    "META_AGENT_MAX_RETRIES": ("builder", "max_retries"),
    "META_AGENT_TIMEOUT": ("builder", "timeout"),
    "DATABASE_URL": ("builder", "database_url"),
}
"""Variables of the environment by short names that other tools use too, and the setting that each stands for."""


class BuilderSettings(Section):
    """How agents are built, and what one build may use (docs/builder.md)."""

    tier: str = Field(default="smart", min_length=1, description="tier of the model that writes what no template does")
    max_retries: int = Field(default=3, ge=0, le=10, description="repairs of one component before the build fails")
    timeout: Positive = Field(default=900.0, description="seconds that a build may take")
    model_calls: int = Field(default=20, gt=0, le=200, description="calls of the model that a build may make")
    tokens: int = Field(default=400_000, gt=0, description="input and output tokens that a build may use")
    whole_tokens: int = Field(
        default=6_000, gt=0, description="a specification that would be longer is asked for in parts, and joined"
    )
    database_url: str | None = Field(
        default=None, description="the database that agents read: postgresql://… or sqlite:///…"
    )
    read_values: bool = Field(
        default=True, description="whether short texts in its rows are looked at, so that requests may name them"
    )
    folder: Path | None = Field(default=None, description="of builds; None: builds in data_dir")
    min_memory: Size = Field(default=256 * 2**20, ge=0, description="bytes that must be free before a build")
    cache_entries: int = Field(default=2_000, gt=0, description="results of earlier builds that are kept")
    keep_builds: int = Field(default=50, ge=1, le=10_000, description="folders of the latest builds are kept")
    keep_failed: Positive = Field(default=168.0, description="hours that the folder of a failed build is kept")
    concurrent: int = Field(default=2, ge=1, le=32, description="builds begun over HTTP that run at once")
