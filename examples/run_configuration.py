"""Runs an agent from a file: an `AgentConfiguration` is all that the planner decides, and it can be written by hand.

Run it: python examples/run_configuration.py FILE "REQUEST"
"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import yaml
from billing_role import Ledger, PayInvoice

from common.agent_configuration import AgentConfiguration
from common.context import TaskContext
from common.settings import ModelSettings
from common.tool import ToolContext
from llm_provider.factory import LLMFactory
from llm_provider.function_tools import tool_from_function
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from llm_provider.tool_registry import ToolRegistry

HERE = Path(__file__).parent / "agent_configurations"
LEDGER = Ledger()


def open_invoices() -> str:
    """List the open invoices."""
    return "Open invoices: " + "; ".join(f"{number}: {text}" for number, text in LEDGER.open.items())


async def pay_invoice(number: int, context: ToolContext) -> str:
    """Pay an invoice by its number.

    Args:
        number: the number of the invoice
    """
    await context.register_intent(PayInvoice(number=number))
    return f"Invoice {number} is going to be paid."


TOOLS = (
    tool_from_function(open_invoices, "billing", utterances=("list the unpaid invoices", "which invoices are open")),
    tool_from_function(pay_invoice, "billing", utterances=("pay invoice 4711", "settle invoice 12"), effect=True),
)


async def main(path: Path, request: str) -> None:
    """Make the agent, run it, tell what it said and what it wants done."""
    text = await anyio.Path(path).read_text(encoding="utf-8")
    configuration = AgentConfiguration.model_validate(yaml.safe_load(text))
    tools = ToolRegistry(TOOLS)
    models = LLMFactory({"smart": ModelSettings()})  # the offline model
    agent, collector = RuntimeAgentFactory(tools, models).create_agent(configuration, TaskContext())
    result = await agent.run(request)
    print(f"{path.stem}: {result.final_output or '(nothing to say)'}")
    print(f"  called: {', '.join(result.tools_called)}")
    print(f"  wants: {', '.join(intent.summary() for intent in collector.get_intents()) or 'nothing'}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        anyio.run(main, Path(sys.argv[1]), sys.argv[2])
    else:
        anyio.run(main, HERE / "clerk.yaml", "list the unpaid invoices and pay invoice 4711")
        anyio.run(main, HERE / "auditor.yaml", "list the unpaid invoices")
