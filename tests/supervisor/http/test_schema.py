"""The OpenAPI document against the application: schemathesis makes calls of it, valid ones and others, and judges."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from starlette.testclient import TestClient

from common.http_settings import HttpSettings
from supervisor import Supervisor
from supervisor.http import create_app
from supervisor.testing import offline_settings
from supervisor.tokens import Scope
from tests.supervisor.http.schema_runs import InItsOwnLoop

_EXAMPLES = 8
_ENDLESS = {"/api/events"}


class Api:
    """The application in a loop of its own, and the operations of its document."""

    def __init__(self, folder: Path) -> None:
        self.supervisor = Supervisor(offline_settings(folder), background=False)
        app, token, loop = self.supervisor.run_sync(self._open)
        # authentication has tests of its own: without it every made-up header would be an answer of 401
        document: dict[str, Any] = deepcopy(app.openapi())
        for methods in document["paths"].values():
            for operation in methods.values():
                operation.pop("security", None)
        self.schema = schemathesis.openapi.from_dict(document)
        self._client = TestClient(InItsOwnLoop(app, loop), headers={"Authorization": f"Bearer {token}"})

    async def _open(self) -> tuple[Any, str, asyncio.AbstractEventLoop]:
        much = HttpSettings(rate=1e6, burst=1_000_000)
        token = await self.supervisor.tokens.create("schema", tuple(Scope), by="test")
        return create_app(self.supervisor, much), token.token, asyncio.get_running_loop()

    def check(self, case: schemathesis.Case) -> None:
        """Make the call; raise where the answer is not what the document says."""
        given: dict[str, Any] = {
            name: value
            for name, value in case.as_transport_kwargs(base_url="http://testserver").items()
            if value is not None
        }
        self._client.cookies.clear()
        self._client.cookies.update(given.pop("cookies", {}))
        body = given.pop("data", None)
        if body is not None:
            given["content" if isinstance(body, (bytes, str)) else "data"] = body
        case.validate_response(self._client.request(**given))


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    found = Api(tmp_path_factory.mktemp("schema"))
    yield found
    found.supervisor.close_sync()


def _operations(api: Api) -> list[Any]:
    found = [result.ok() for result in api.schema.get_all_operations()]
    return [operation for operation in found if operation is not None and operation.path not in _ENDLESS]


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_operation_answers_as_its_document_says(api: Api, mode: GenerationMode) -> None:
    checked = 0
    for operation in _operations(api):
        told: dict[str, Any] = operation.definition.raw
        if mode is GenerationMode.NEGATIVE and not (told.get("parameters") or "requestBody" in told):
            continue  # there is nothing that could be told wrong

        @settings(
            max_examples=_EXAMPLES, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
            suppress_health_check=[*HealthCheck],
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def calls(case: schemathesis.Case) -> None:
            api.check(case)

        calls()
        checked += 1
    assert checked > 20


def test_the_document_tells_enough_to_make_a_valid_request(api: Api) -> None:
    """Without an example of its text schemathesis can make no request, and takes `0` for a valid one."""
    operation: Any = api.schema["/api/requests"]["POST"]
    cases = api.schema.iter_coverage_cases(
        operation, generation_modes=[GenerationMode.POSITIVE], generation_config=api.schema.config.generation
    )
    bodies = [case.body for case, _ in zip(cases, range(20), strict=False)]
    assert len(bodies) == 20
    assert all(isinstance(body, dict) and body["text"] for body in bodies)


def test_every_list_is_paged(api: Api) -> None:
    document: dict[str, Any] = api.schema.raw_schema
    models = document["components"]["schemas"]
    lists = 0
    for path, methods in document["paths"].items():
        for told in methods.values():
            answer = told["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
            own = models.get(answer.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
            if own.get("data", {}).get("type") == "array":
                lists += 1
                assert "page" in own, path
    assert lists >= 14
