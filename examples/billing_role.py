"""A host adds a role with two tools and an intent of its own: invoices that can be listed and paid, once.

Run it: python examples/billing_role.py FOLDER
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import anyio
from pydantic import BaseModel, Field

from common.intents import Effect, Intent, IntentExecution, IntentResult
from common.language.formats import Subject
from common.results import RoleResult
from common.run_context import RunContext
from common.settings import Settings
from common.tool import Tool, ToolContext, ToolResult
from llm_provider.tool_execution import execute_tool
from supervisor import Supervisor

InvoiceNumber = Annotated[int, Field(ge=1, description="the number of the invoice")]


class PayInvoice(Intent):
    """Pay one invoice."""

    TYPE: ClassVar[str] = "billing.pay_invoice"
    number: int

    def summary(self) -> str:
        """What a person reads before approving."""
        return f"pay invoice {self.number}"


@dataclass
class Ledger:
    """Stands for the host's own system; `pay` honours the key, so paying twice with one key pays once."""

    open: dict[int, str] = field(default_factory=lambda: {4711: "Miller, 120.00", 4712: "Baker, 80.50"})
    paid: dict[str, int] = field(default_factory=dict)

    def pay(self, number: int, key: str) -> None:
        """Pay an invoice."""
        if key not in self.paid:
            self.paid[key] = number
            self.open.pop(number, None)


class ListArguments(BaseModel):
    """Nothing is needed."""

    customer: Subject = Field(default="", description="only this customer's invoices")


class PayArguments(BaseModel):
    """Which invoice."""

    number: InvoiceNumber


class BillingRole:
    """Invoices: which are open, and paying them. Not: quotes, salaries, bank accounts."""

    name = "billing"
    description = "Lists open invoices and pays them. Not for quotes, salaries or bank balances."
    examples = (
        "which invoices are open?", "list the unpaid invoices", "show me open bills from customers",
        "pay invoice 4711", "settle invoice number 12", "please pay the bill 4712", "do we have unpaid invoices",
        "any invoices outstanding?", "invoice 99 can be paid", "what do we still have to pay?",
        "pay the invoice 17 now", "show outstanding invoices",
    )  # fmt: skip

    def __init__(self, ledger: Ledger) -> None:
        """Serve the invoices of `ledger`."""
        self._ledger = ledger
        self.tools = (
            Tool(
                "billing.open_invoices",
                "List the open invoices",
                ListArguments,
                self._list,
                utterances=("which invoices are open", "list the unpaid invoices", "what do we still have to pay"),
            ),
            Tool(
                "billing.pay_invoice",
                "Pay an invoice by its number",
                PayArguments,
                self._pay,
                utterances=("pay invoice 4711", "settle invoice 12", "pay the bill number 17"),
                effect=True,
            ),
        )
        self.intent_handlers = (PayHandler(ledger),)

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        """Pay when a number is named, else list."""
        number = next((word.strip("#.,?!") for word in request.split() if word.strip("#.,?!").isdigit()), None)
        name, arguments = ("billing.pay_invoice", {"number": int(number)}) if number else ("billing.open_invoices", {})
        tool = next(tool for tool in self.tools if tool.name == name)
        result = await execute_tool(tool, arguments, run, f"{run.task}-1", timeout=10, max_chars=10_000)
        registered = bool(run.collector.collected())
        return RoleResult("" if registered else result.text, ok=result.ok, tools_called=(name,), iterations=1)

    async def _list(self, arguments: ListArguments, _: ToolContext) -> ToolResult:
        rows = [f"{number}: {text}" for number, text in self._ledger.open.items() if arguments.customer in text]
        return ToolResult(text="Open invoices: " + ("; ".join(rows) or "none") + ".")

    async def _pay(self, arguments: PayArguments, context: ToolContext) -> ToolResult:
        if arguments.number not in self._ledger.open:
            return ToolResult(text=f"There is no open invoice {arguments.number}.", ok=False)
        await context.register_intent(PayInvoice(number=arguments.number))
        return ToolResult(text=f"Invoice {arguments.number} is going to be paid.")


@dataclass
class PayHandler:
    """Carries out `PayInvoice`."""

    ledger: Ledger
    intent_type = PayInvoice
    effect = Effect.IDEMPOTENT

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """Pay; the key makes a second attempt harmless."""
        assert isinstance(intent, PayInvoice)
        self.ledger.pay(intent.number, execution.key)
        return IntentResult(f"Invoice {intent.number} is paid.")

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        """Whether the key was used."""
        return IntentResult("It was paid.") if execution.key in self.ledger.paid else None


async def main(folder: str) -> None:
    """List, pay, list again."""
    supervisor = Supervisor(Settings(data_dir=Path(folder)))
    supervisor.add_role(BillingRole(Ledger()))
    async with supervisor:
        for request in ("which invoices are open?", "pay invoice 4711 please", "list the unpaid invoices"):
            response = await supervisor.process_request(request)
            print(f"{request}\n  {response.text}")


if __name__ == "__main__":
    anyio.run(main, sys.argv[1] if len(sys.argv) > 1 else "data")
