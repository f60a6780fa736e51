"""A host's prompts with guidelines: the guideline is a part of its own at the end; the prompt is never rewritten."""

from __future__ import annotations

import hashlib

from common.errors import GuidelineError, StreamConflict
from events.catalogue.learning import OriginalPromptKept
from events.state.guideline import fold_guideline
from events.store import EventStore, stream_name
from supervisor.commands.guidelines import guideline_stream

__all__ = ["guide_prompt", "original_prompt"]

_MAX_PROMPT = 200_000
_ATTEMPTS = 5


async def guide_prompt(store: EventStore, agent_type: str, prompt: str, *, keep: bool) -> tuple[str, str]:
    """The prompt with the guideline in service behind it, and its version; "" where none is in service.

    With `keep` the prompt as given is kept in the log, once for each that differs. Raises `GuidelineError` for an
    agent type or a prompt that can't be used, and `StoreError`.
    """
    if len(prompt) > _MAX_PROMPT:
        raise GuidelineError(f"a prompt of more than {_MAX_PROMPT:,} characters can't be guided", where=agent_type)
    state = fold_guideline(agent_type, await store.read(guideline_stream(agent_type)))
    if state.active is None:
        return prompt, ""
    if keep:
        await _keep(store, agent_type, prompt)
    rules = "\n".join(f"- {rule.text}" for rule in state.rules_of(state.active))
    return f"{prompt.rstrip()}\n\nWork by these rules, which experience has shown to help:\n{rules}", state.active


async def original_prompt(store: EventStore, agent_type: str) -> str | None:
    """The prompt that was kept last; None where none was. Raises `StoreError`."""
    found = None
    for entry in await store.read(_prompts(agent_type)):
        if isinstance(entry.event, OriginalPromptKept):
            found = entry.event.text
    return found


async def _keep(store: EventStore, agent_type: str, prompt: str) -> None:
    digest = hashlib.sha256(prompt.encode("utf-8", "replace")).hexdigest()
    stream = _prompts(agent_type)
    for attempt in range(_ATTEMPTS):
        recorded = await store.read(stream)
        last = next((entry.event for entry in reversed(recorded) if isinstance(entry.event, OriginalPromptKept)), None)
        if last is not None and last.digest == digest:
            return
        kept = OriginalPromptKept(agent_type=agent_type, digest=digest, text=prompt)
        try:
            await store.append(stream, [kept], recorded[-1].version if recorded else 0)
        except StreamConflict:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def _prompts(agent_type: str) -> str:
    return stream_name("learning", agent_type, "prompts")
