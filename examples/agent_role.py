"""A Strands agent of the host's own as a role, and a plain function as another one.

The agent's model is the offline one, so that this runs anywhere; put a real one in its place.
Run it: python examples/agent_role.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from common.context import TaskContext
from common.settings import Settings
from roles.foreign import agent_role, function_role
from supervisor import Supervisor

if TYPE_CHECKING:
    from strands import Agent

RATES = {"dollars": 1.08, "francs": 0.94, "pounds": 0.84}


def make_agent(context: TaskContext) -> Agent:
    """An agent for one request: it could know here who asks."""
    from strands import Agent, tool

    from llm_provider.offline_model import OfflineModel

    @tool
    def list_exchange_rates() -> str:
        """List the exchange rates of the euro."""
        return "; ".join(f"1 euro is {rate} {currency}" for currency, rate in RATES.items())

    return Agent(
        model=OfflineModel(),
        system_prompt="You tell exchange rates.",
        tools=[list_exchange_rates],
        callback_handler=None,
    )


def count_words(request: str) -> str:
    """Count the words after the colon."""
    return f"{len(request.partition(':')[2].split())} words"


EXCHANGE = agent_role(
    "exchange",
    "Exchange rates of the euro. Not for share prices, and it buys nothing.",
    (
        "list the exchange rates", "what are the exchange rates of the euro", "show me the exchange rates",
        "how is the euro today", "current exchange rates please", "what is a euro worth in dollars",
        "euro rates", "list the rates of the euro", "exchange rates for francs and pounds",
    ),
    make_agent,
)  # fmt: skip
WORDS = function_role(
    "words",
    "Counts the words of a text that is given after a colon.",
    (
        "count the words: to be or not to be", "how many words are in: a rose is a rose",
        "word count of: all's well that ends well", "count words: hello world", "number of words in: one two three",
        "how many words: it was a dark and stormy night", "count the words of: the end", "words in: brevity is wit",
        "count the words: it is a far far better thing", "count the words: my name is red",
        "please count the words: tell me a story", "count all words of: call it a day",
    ),
    count_words,
)  # fmt: skip


async def main(folder: str) -> None:
    """Ask each role something."""
    supervisor = Supervisor(Settings(data_dir=Path(folder)))
    supervisor.add_role(EXCHANGE)
    supervisor.add_role(WORDS)
    async with supervisor:
        for request in ("list the exchange rates of the euro", "count the words: call me Ishmael"):
            response = await supervisor.process_request(request)
            print(f"{request}\n  {response.metadata.route}: {response.text}")


if __name__ == "__main__":
    anyio.run(main, sys.argv[1] if len(sys.argv) > 1 else "data")
