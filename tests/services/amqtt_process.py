"""Runs aMQTT as a broker, with two faults of its version 0.12 mended that make it lose and invent messages.

A client that connects while another one unsubscribes ends in "dictionary changed size during iteration"; and every new
client is sent what is retained for the subscriptions of all others.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import ItemsView, Iterator
from pathlib import Path
from typing import Any

import yaml
from amqtt.broker import Broker
from amqtt.session import Session

__all__: list[str] = []


class _Steady(dict[str, list[tuple[Session, int]]]):
    """A dict that may change while it is gone through."""

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(super().keys()))

    def items(self) -> ItemsView[str, list[tuple[Session, int]]]:
        return {key: list(value) for key, value in tuple(super().items())}.items()


class _Broker(Broker):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._subscriptions = _Steady()

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        if any(holder is session for holder, _ in self._subscriptions.get(subscription[0], ())):
            await super()._publish_retained_messages_for_subscription(subscription, session)


async def _main(configuration: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.WARNING)
    await _Broker(configuration).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(yaml.safe_load(Path(sys.argv[1]).read_text())))
