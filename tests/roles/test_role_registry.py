"""The registry takes what is a role, says what is wrong with anything else, and knows what each role says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from common.errors import ConfigurationError, NotFound
from common.intents import Effect, Intent, IntentExecution, IntentHandler, IntentResult
from common.results import RoleResult
from common.run_context import RunContext
from common.tool import Tool, ToolContext, ToolResult
from roles.role_registry import RoleRegistry


class PayInvoice(Intent):
    TYPE: ClassVar[str] = "billing.pay"


class PayHandler:
    intent_type: type[Intent] = PayInvoice
    effect = Effect.AT_MOST_ONCE

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        return IntentResult("paid")

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        return None


class Arguments(BaseModel):
    number: int = 0


async def _list(arguments: Arguments, context: ToolContext) -> ToolResult:
    return ToolResult(text="none")


def tool(name: str = "billing.list", description: str = "List invoices.") -> Tool:
    return Tool(name=name, description=description, arguments=Arguments, handler=_list)


@dataclass
class HostRole:
    name: str = "billing"
    description: str = "Lists and pays invoices."
    examples: Sequence[str] = ("pay the invoice of acme",)
    tools: Sequence[Tool] = field(default_factory=lambda: (tool(),))
    intent_handlers: Sequence[IntentHandler] = ()

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        return RoleResult("done")


def test_roles_are_listed_in_the_order_they_came_with_all_they_bring() -> None:
    registry = RoleRegistry()
    billing = HostRole(intent_handlers=(PayHandler(),))
    garden = HostRole(name="garden", tools=())
    registry.add(billing)
    registry.add(garden)
    assert registry.all() == (billing, garden)
    assert registry.names == ("billing", "garden")
    assert registry.get("garden") is garden
    assert [each.name for each in registry.tools()] == ["billing.list"]
    assert [each.intent_type for each in registry.handlers()] == [PayInvoice]
    assert registry.views() == ()


def test_views_of_a_role_that_keeps_any_are_listed() -> None:
    view = object()

    @dataclass
    class WithView(HostRole):
        views: Sequence[Any] = (view,)

    registry = RoleRegistry()
    registry.add(WithView())
    assert list(registry.views()) == [view]


def test_a_disabled_role_stays_known_but_gets_no_requests() -> None:
    registry = RoleRegistry()
    registry.add(HostRole())
    registry.disable("billing")
    assert registry.enabled() == ()
    assert registry.disabled == {"billing"}
    assert not registry.is_enabled("billing")
    assert registry.get("billing").name == "billing"
    registry.enable("billing")
    assert registry.is_enabled("billing")
    assert not registry.is_enabled("never heard of")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    registry = RoleRegistry()
    registry.add(HostRole())
    for ask in (registry.get, registry.disable, registry.enable, registry.definition):
        with pytest.raises(NotFound, match=r"'billling'.*Known: billing\."):
            ask("billling")


def test_two_roles_of_one_name_are_both_named() -> None:
    registry = RoleRegistry()
    registry.add(HostRole(tools=()))
    with pytest.raises(ConfigurationError, match=r"two roles called 'billing'.*Lists and pays.*Collects debts"):
        registry.add(HostRole(description="Collects debts.", tools=()))


def test_what_is_no_role_is_told_what_it_lacks() -> None:
    with pytest.raises(ConfigurationError, match="object is no role: it has no name, description, examples"):
        RoleRegistry().add(object())  # type: ignore[arg-type]


def _not_async(request: str, run: RunContext) -> None:
    return None


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": "Billing!"}, "'Billing!' is no role name"),
        ({"name": ""}, "'' is no role name"),
        ({"name": "none"}, "can't be called 'none'"),
        ({"name": "planning"}, "can't be called 'planning'"),
        ({"description": "  "}, "needs a description"),
        ({"examples": "pay it"}, "sequence of utterances"),
        ({"examples": ("pay it", " ")}, "none of them empty"),
        ({"tools": ("billing.list",)}, "tools are common.tool.Tool"),
        ({"execute": _not_async}, "execute is an async function"),
    ],
)
def test_a_role_that_can_not_work_is_refused_with_the_reason(changes: dict[str, Any], complaint: str) -> None:
    role = HostRole()
    for name, value in changes.items():
        setattr(role, name, value)
    registry = RoleRegistry()
    with pytest.raises(ConfigurationError, match=complaint):
        registry.add(role)
    assert registry.all() == ()


def test_a_tool_or_intent_that_another_role_brought_is_refused_and_both_are_named() -> None:
    registry = RoleRegistry()
    registry.add(HostRole(intent_handlers=(PayHandler(),)))
    with pytest.raises(ConfigurationError, match=r"'dunning' brings the tool 'billing\.list', which role 'billing'"):
        registry.add(HostRole(name="dunning"))
    with pytest.raises(ConfigurationError, match=r"intent handler 'billing\.pay', which role 'billing'"):
        registry.add(HostRole(name="dunning", tools=(), intent_handlers=(PayHandler(),)))


def _definition(**changes: Any) -> str:
    registry = RoleRegistry()
    registry.add(HostRole(**changes))
    return registry.definition("billing")


def test_the_definition_changes_with_what_the_role_says_of_itself_and_with_nothing_else() -> None:
    same = _definition()
    assert same == _definition()
    others = [
        _definition(description="Lists invoices."),
        _definition(examples=("pay the invoice of globex",)),
        _definition(tools=(tool(description="List open invoices."),)),
        _definition(intent_handlers=(PayHandler(),)),
    ]
    assert len({same, *others}) == 5


def test_a_role_is_replaced_and_removed_while_others_use_it() -> None:
    registry = RoleRegistry()
    first, second = HostRole("shop"), HostRole("shop")
    registry.replace(first)
    registry.disable("shop")
    registry.replace(second)
    assert registry.get("shop") is second
    assert not registry.is_enabled("shop"), "a new one does not enable it"
    registry.enable("shop")
    before = registry.enabled()
    registry.remove("shop")
    assert registry.enabled() is not before
    assert (registry.names, registry.enabled()) == ((), ())
    assert registry.get("shop") is second, "a request that was routed to it still finds it"
    with pytest.raises(NotFound, match="no role called 'shop'"):
        registry.remove("shop")
    registry.replace(first)
    assert registry.enabled() == (first,)
