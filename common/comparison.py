"""One engine's part in a comparison: what it answered, what it wanted to do, and what it cost."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue

__all__ = ["ComparedIntent", "ComparedSide"]


class ComparedIntent(BaseModel):
    """An intent of one side.

    `status` is where it stood when the side was done; that of a dry side is ``collected`` where policy would have let
    it through, else ``awaiting_approval``, ``denied`` or ``failed`` (its arguments are not valid).
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, ser_json_inf_nan="strings")

    type: str
    summary: str = ""
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    status: str = "collected"


class ComparedSide(BaseModel):
    """What one engine made of a request.

    `seconds` end when its intents were collected: what carrying them out takes is in none. `cost` is in US dollars,
    None where no price is known. `place` tells which of the two ran first (1 or 2). `steps` are what a dry side did, in
    brief; what a side that was carried out did stands in the trace `trace_id`.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, ser_json_inf_nan="strings")

    engine: str
    dry: bool
    place: int
    trace_id: str
    approach: str
    outcome: str
    text: str
    tools_selected: list[str] = Field(default_factory=list)
    tools_used: list[str] = Field(default_factory=list)
    intents: list[ComparedIntent] = Field(default_factory=list[ComparedIntent])
    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    cost: float | None = None
    error: str | None = None
    fallback: str | None = None
    steps: list[dict[str, JsonValue]] = Field(default_factory=list[dict[str, JsonValue]])
