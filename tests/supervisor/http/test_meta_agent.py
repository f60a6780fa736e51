"""Monitoring, improvements and learning over HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from events.catalogue.improvement import ImprovementApproved, ImprovementRejected
from supervisor.tokens import Scope
from tests.events.improvement_samples import suggestion
from tests.supervisor.http.conftest import Served
from tests.supervisor.http.test_resources import data, problem

BASE = "/api/meta-agent"


async def suggest(served: Served, name: str) -> str:
    event = suggestion(name, fingerprint=f"of-{name}")
    await served.supervisor.monitoring.improvements.suggest(event)
    return name


async def test_status_tells_the_whole_in_a_few_numbers(served: Served, client: httpx.AsyncClient) -> None:
    await suggest(served, "imp-1")
    found = data(await client.get(f"{BASE}/status"))
    assert found["meta_agent_active"] is False
    assert (found["total_improvements"], found["pending_improvements"], found["completed_improvements"]) == (1, 1, 0)
    assert 0 <= found["performance_score"] <= 100
    health = data(await client.get(f"{BASE}/health"))
    assert {part["component"] for part in health["components"]} >= {"machine", "store"}


async def test_metrics_are_of_the_hours_that_are_asked_for(served: Served, client: httpx.AsyncClient) -> None:
    await served.supervisor.monitoring.sample()
    await served.supervisor.monitoring.sample()
    found = data(await client.get(f"{BASE}/metrics", params={"hours": 1}))
    assert (found["total"], len(found["samples"])) == (2, 2)
    assert found["samples"][0]["total_agents"] > 0
    few = data(await client.get(f"{BASE}/metrics", params={"hours": 1, "points": 1}))
    assert (few["total"], len(few["samples"])) == (2, 1)
    for wrong in ({"hours": 0}, {"hours": "nan"}, {"hours": 1e9}, {"points": 0}):
        problem(await client.get(f"{BASE}/metrics", params=wrong), 422)


async def test_agents_are_told_with_their_figures_over_time(served: Served, client: httpx.AsyncClient) -> None:
    await served.supervisor.monitoring.sample()
    data(await client.post("/api/requests", json={"text": "set a timer for 10 minutes"}))
    await served.supervisor.monitoring.sample()
    (timer,) = data(await client.get(f"{BASE}/agent-performance", params={"agent_name": "timer"}))
    assert (timer["agent_name"], timer["calls"], timer["success_rate"]) == ("timer", 1, 1.0)
    assert len(timer["history"]) == 1
    assert len(data(await client.get(f"{BASE}/agent-performance"))) > 1
    problem(await client.get(f"{BASE}/agent-performance", params={"agent_name": "nobody"}), 404)
    whole = data(await client.get("/api/agents/timer"))
    assert whole["performance"] == timer
    assert [step["what"] for step in whole["history"]] == ["registered"]
    data(await client.post("/api/agents/timer/disable", json={"reason": "rings all night"}))
    steps = data(await client.get("/api/agents/timer"))["history"]
    assert (steps[1]["what"], steps[1]["payload"]["reason"]) == ("disabled", "rings all night")
    assert "token" in steps[1]["by"]


async def test_improvements_are_paged_newest_first_and_by_status(served: Served, client: httpx.AsyncClient) -> None:
    made = [await suggest(served, f"imp-{number}") for number in range(5)]
    data(await client.post(f"{BASE}/improvements/{made[0]}/reject"))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        given = {"limit": 2, "status": "pending", **({"cursor": cursor} if cursor else {})}
        answer = await client.get(f"{BASE}/improvements", params=given)
        seen += [row["id"] for row in data(answer)]
        assert answer.json()["page"]["total"] == 4
        cursor = answer.json()["page"]["next"]
        if cursor is None:
            break
    assert seen == made[:0:-1]
    assert [row["id"] for row in data(await client.get(f"{BASE}/improvements", params={"status": "rejected"}))] == [
        made[0]
    ]
    problem(await client.get(f"{BASE}/improvements", params={"status": "great"}), 422)
    assert data(await client.get(f"{BASE}/improvements", params={"cursor": "999999999"})) == []


@pytest.mark.parametrize(
    ("verb", "state", "kind"),
    [("approve", "approved", ImprovementApproved), ("reject", "rejected", ImprovementRejected)],
)
async def test_who_decided_is_in_the_log(
    served: Served, verb: str, state: str, kind: type[ImprovementApproved | ImprovementRejected]
) -> None:
    name = await suggest(served, "imp-1")
    made = await served.supervisor.tokens.create("phone of maria", [Scope.READ, Scope.APPROVE], by="ann")
    async with served.client(made.token) as maria:
        answer = data(await maria.post(f"{BASE}/improvements/{name}/{verb}", json={"comment": "as discussed"}))
        assert (answer["improvement_id"], answer["message"]) == (name, f"{name} is {state}")
        again = await maria.post(f"{BASE}/improvements/{name}/{verb}", json={})
        assert problem(again, 409)["code"] == "improvement"
        problem(await maria.post(f"{BASE}/improvements/imp-2/{verb}", json={}), 404)
        shown = data(await maria.get(f"{BASE}/improvements/{name}"))
    (event,) = [entry.event for entry in await served.supervisor.store.read_all(0, {kind.TOPIC})]
    assert isinstance(event, kind)
    assert event.by == f"phone of maria (token {made.record.token_id})"
    assert (shown["status"], shown["history"][-1]["by"]) == (state, event.by)


async def test_only_the_plan_that_was_looked_at_is_approved(served: Served, client: httpx.AsyncClient) -> None:
    name = await suggest(served, "imp-1")
    shown = data(await client.get(f"{BASE}/improvements/{name}"))
    path = f"{BASE}/improvements/{name}/approve"
    problem(await client.post(path, json={"plan_hash": "0" * 64}), 409)
    assert data(await client.post(path, json={"plan_hash": shown["plan_hash"]}))["improvement_id"] == name


@pytest.mark.parametrize(("verb", "state"), [("done", "completed"), ("failed", "failed")])
async def test_what_a_person_carried_out_is_ended_with_a_note(
    served: Served, client: httpx.AsyncClient, verb: str, state: str
) -> None:
    name = await suggest(served, "imp-1")
    path = f"{BASE}/improvements/{name}/{verb}"
    problem(await client.post(path, json={"note": "moved the index"}), 409)
    data(await client.post(f"{BASE}/improvements/{name}/approve"))
    for body in ({}, {"note": ""}, {"note": " \n"}, {"note": "x" * 2_001}):
        problem(await client.post(path, json=body), 422)
    answer = data(await client.post(path, json={"note": "moved the index"}))
    assert (answer["improvement_id"], answer["message"]) == (name, f"{name} is {state}")
    shown = data(await client.get(f"{BASE}/improvements/{name}"))
    assert (shown["status"], shown["result"], shown["assigned_agent"]) == (state, "moved the index", answer["by"])
    assert [step["what"] for step in shown["history"]] == ["suggested", "approved", "assigned", state]
    problem(await client.post(path, json={"note": "again"}), 409)
    problem(await client.post(f"{BASE}/improvements/imp-2/{verb}", json={"note": "x"}), 404)
    async with served.client(await served.token(Scope.READ)) as reader:
        problem(await reader.post(path, json={"note": "x"}), 403)


async def test_an_analysis_is_made_when_it_is_asked_for(client: httpx.AsyncClient) -> None:
    report = data(await client.post(f"{BASE}/trigger-analysis"))
    assert "thresholds" in report["findings"]
    assert data(await client.get(f"{BASE}/status"))["analyzed_at"] is not None
    assert data(await client.get(f"{BASE}/forecasts")) == []


async def test_monitoring_is_started_and_stopped(client: httpx.AsyncClient) -> None:
    messages = [data(await client.post(f"{BASE}/control/{verb}")) for verb in ("start", "start", "stop", "stop")]
    assert [message["meta_agent_active"] for message in messages] == [True, True, False, False]
    assert len({message["message"] for message in messages}) == 4


async def test_reports_are_listed_and_served_and_no_name_leads_elsewhere(
    served: Served, client: httpx.AsyncClient
) -> None:
    info = await served.supervisor.monitoring.write_report()
    (listed,) = data(await client.get(f"{BASE}/reports"))
    assert listed["name"] == info.name
    assert data(await client.get(f"{BASE}/reports/{info.name}"))["status"]["total_improvements"] == 0
    page = await client.get(f"{BASE}/reports/{listed['html']}")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "sandbox" in page.headers["content-security-policy"]
    assert " UTC</time>" in page.text
    assert "process_memory</td>" in page.text
    assert re.search(r"[MG]iB</td>", page.text)
    folder: Path = served.supervisor.settings.data_dir
    (folder / "secret.json").write_text("{}")
    (folder / "system_reports" / "system_report_20260101T000000Z.json").symlink_to(folder / "secret.json")
    for name in (
        "..%2fsecret.json", "..%2f..%2fetc%2fpasswd", "%2e%2e/secret.json", "secret.json", "..\\secret.json",
        "system_report_20260101T000000Z.json", "%00.json", "system_report_20260101T000000Z.json%0a",
        f"{'x' * 300}.json", "//etc/passwd",
    ):  # fmt: skip
        answer = await client.get(f"{BASE}/reports/{name}")
        assert answer.status_code in (404, 422), name


async def test_learning_is_told_and_tried(served: Served, client: httpx.AsyncClient) -> None:
    status = data(await client.get("/api/learning/status"))
    assert (status["learning_cycles"], status["ready_for_learning"]) == (0, False)
    done = data(await client.post("/api/learning/cycle", json={"fresh": True}))
    assert (done["patterns"], done["proposed"]) == ([], [])
    assert "10 traces" in done["refused"]
    assert data(await client.get("/api/learning/patterns")) == []
    await served.supervisor.guidelines.propose("timer", ["avoid timer.remind"], by="ann")
    await served.supervisor.learning.trials.start("timer", "1.0.0", share=0.5)
    (trial,) = data(await client.get("/api/learning/trials"))
    assert (trial["version"], trial["state"], trial["candidate"]["drawn"]) == ("1.0.0", "running", 0)
    assert data(await client.get("/api/learning/trials", params={"agent_type": "weather"})) == []
