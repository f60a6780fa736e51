"""The dashboard in a real browser, on a served supervisor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydantic import JsonValue

from events.catalogue.improvement import ImprovementPlan
from events.state.improvement import ImprovementStatus
from supervisor.specialists.figures import Rate, mean_of
from supervisor.tokens import Scope
from tests.events.improvement_samples import suggestion
from tests.supervisor.built_agents import NAME
from tests.supervisor.dashboard.conftest import PATIENCE, Server, Visit
from tests.supervisor.dashboard.served import CYCLE, FAILED, HOSTILE, LUNCH, Site

VIEWS = (
    "", "traces", "approvals", "improvements", "improvements/imp-1", "agents", "agents/timer", "guidelines",
    "guidelines/planner", "flags", "tuning", "tuning/requests.queue", f"agents/{NAME}", "builds", f"builds/{FAILED}",
    "evolution", f"evolution/{CYCLE}",
)  # fmt: skip
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

expect.set_options(timeout=PATIENCE)


def test_a_token_opens_the_page_and_a_wrong_one_does_not(visit: Visit) -> None:
    visit.expected = ("401",)
    page = visit.page
    page.goto(visit.server.site.address)
    page.get_by_label("Token").fill("asv_nonsense")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="unknown, revoked or over")).to_be_visible()
    visit.sign_in()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.locator(".tile").filter(has_text="Performance score")).to_contain_text(re.compile(r"\d+ of 100"))
    expect(page.get_by_role("region", name="Components").get_by_role("rowheader", name="store")).to_be_visible()
    expect(page.locator(".chart canvas")).to_have_count(6)
    expect(
        page.get_by_role("img", name=re.compile("Success rate. rate: last 98 %, from 98 % to 100 %"))
    ).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_focused()
    page.reload()
    expect(page.get_by_label("Token")).to_be_visible()


def test_a_request_appears_as_it_comes_and_opens_as_a_timeline(visit: Visit) -> None:
    page = visit.sign_in(view="traces")
    expect(page.locator("#connection")).to_have_text("● Live")
    text = "set a pasta timer for 9 minutes"
    trace = visit.server.ask(text)
    row = page.get_by_role("listitem").filter(has_text=text)
    expect(row).to_contain_text("success")
    row.get_by_role("link").click()
    expect(page).to_have_url(re.compile(trace))
    expect(page.locator(".span.request")).to_contain_text("success")
    expect(page.locator(".span.intent").first).to_contain_text("timer.set_timer")
    tool = page.locator(".span.tool")
    expect(tool).to_contain_text(re.compile(r"\d (µs|ms|s)"))
    tool.locator("summary").click()
    expect(tool.locator("pre")).to_contain_text("arguments")
    inside = page.evaluate(
        """() => [...document.querySelectorAll('.bar')].every(bar => {
            const [inner, outer] = [bar.getBoundingClientRect(), bar.parentElement.getBoundingClientRect()];
            return inner.width > 0 && inner.left >= outer.left - 1;
        })"""
    )
    assert inside


def test_what_waits_is_approved_or_denied_with_a_reason(visit: Visit, server: Server) -> None:
    server.run(server.site.ask, LUNCH.replace("Anna", "Bea"), user="bea")
    page = visit.sign_in(view="approvals")
    mine, other = (page.get_by_role("article").filter(has_text=name) for name in ("Bea", "Anna"))
    expect(mine).to_contain_text("bea (default)")
    mine.get_by_text("Exactly what would be carried out").click()
    expect(mine.locator("pre")).to_contain_text("Bea")
    mine.get_by_role("button", name="Approve").click()
    visit.answer("Approve", Comment="enjoy it")
    expect(page.get_by_role("status").filter(has_text="Approved")).to_be_visible()
    expect(mine).to_have_count(0)
    other.get_by_role("button", name="Deny").click()
    visit.answer("Deny", Reason="not today")
    expect(page.get_by_text("Nothing waits for an approval.")).to_be_visible()
    expect(page.locator("#badge-approvals")).to_be_hidden()
    rows = server.run(server.site.supervisor.views.query, "intents", {"type": "calendar.add_event"}, limit=9)
    assert sorted((row["status"], str(row["decided_by"])[:3]) for row in rows) == [
        ("denied", "ann"),
        ("processed", "ann"),
    ]


def test_improvements_are_approved_and_rejected_on_their_evidence(visit: Visit, server: Server) -> None:
    page = visit.sign_in(view="improvements")
    page.get_by_role("link", name="tool:search.web is slow").click()
    expect(page.get_by_role("heading", name="Evidence (2)")).to_be_visible()
    expect(page.get_by_text("41 s", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    visit.answer("Approve", Comment="do it")
    expect(page.locator(".facts .state").first).to_have_text(re.compile("approved"))
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    visit.go("improvements/imp-2")
    page.get_by_role("button", name="Reject").click()
    visit.dialog.get_by_role("button", name="Cancel").click()
    expect(page.locator(".facts .state").first).to_have_text(re.compile("pending"))
    page.get_by_role("button", name="Reject").click()
    visit.answer("Reject", Reason="buy more")
    expect(page.locator(".facts .state").first).to_have_text(re.compile("rejected"))
    found = [server.run(server.site.supervisor.monitoring.get_improvement, name) for name in ("imp-1", "imp-2")]
    assert [each.status for each in found] == [ImprovementStatus.APPROVED, ImprovementStatus.REJECTED]
    assert [each.decided_why for each in found] == ["do it", "buy more"]
    assert all((each.decided_by or "").startswith("ann (token ") for each in found)


async def carried_out(site: Site) -> None:
    """An improvement that was carried out, and that can be undone."""
    commands = site.supervisor.monitoring.improvements
    await commands.suggest(suggestion("imp-4", fingerprint="4"))
    await commands.approve("imp-4", by="bob")
    leave = await commands.assign("imp-4", agent="performance_analyst")
    figures: dict[str, dict[str, JsonValue]] = {
        "before": mean_of("response_time", [40.0, 41.0, 42.0], Rate(0, 3)).to_json(),
        "after": mean_of("response_time", [2.5], Rate(1, 2)).to_json(),
    }
    await commands.complete(leave, text="set", undo={"settings": {}}, **figures)


def test_what_was_carried_out_shows_its_figures_and_is_undone(visit: Visit, server: Server) -> None:
    server.run(carried_out, server.site)
    page = visit.sign_in(view="improvements/imp-4")
    measured = page.get_by_role("region", name="Before and after").get_by_role("row")
    expect(measured).to_have_text(
        [
            "FigureBeforeAfter", "response time, mean41 s2.5 s", re.compile(r"95 % interval38\.\d s to 43\.\d s–"),
            "measured on31", "failed calls0 of 31 of 2",
        ]
    )  # fmt: skip
    page.get_by_role("button", name="Undo").click()
    visit.answer("Undo", Reason="it costs too much")
    expect(page.locator(".facts .state").first).to_have_text(re.compile("undone"))
    found = server.run(server.site.supervisor.monitoring.get_improvement, "imp-4")
    assert found.status is ImprovementStatus.UNDONE
    assert "it costs too much" in (found.result or "")


def test_what_only_a_person_can_do_is_ended_by_that_person(visit: Visit, server: Server) -> None:
    commands = server.site.supervisor.monitoring.improvements
    for number in (6, 7):
        suggested = suggestion(f"imp-{number}", fingerprint=str(number), action="")
        server.run(commands.suggest, suggested)
        server.run(commands.approve, f"imp-{number}", by="bob")
    page = visit.sign_in(view="improvements/imp-6")
    page.get_by_role("button", name="Carried out…").click()
    dialog = visit.dialog
    dialog.get_by_role("button", name="Carried out", exact=True).click()
    expect(dialog).to_be_visible()  # what was done is wanted
    dialog.get_by_label("What was done").fill("a second machine")
    dialog.get_by_role("button", name="Carried out", exact=True).click()
    expect(page.locator(".facts .state").first).to_have_text(re.compile("completed"))
    expect(page.locator(".facts", has_text="a second machine").first).to_be_visible()
    visit.go("improvements/imp-7")
    page.get_by_role("button", name="Can't be done…").click()
    visit.dialog.get_by_label("Why not").fill("no money")
    visit.dialog.get_by_role("button", name="Can't be done", exact=True).click()
    expect(page.locator(".facts .state").first).to_have_text(re.compile("failed"))


def test_a_decision_that_comes_too_late_says_so(visit: Visit, server: Server) -> None:
    visit.expected = ("409",)
    page = visit.sign_in(view="improvements/imp-3")
    page.get_by_role("button", name="Approve").click()
    server.run(server.site.supervisor.monitoring.reject, "imp-3", by="bob")
    visit.answer("Approve")
    expect(page.get_by_role("alert")).to_contain_text("Conflict")
    expect(page.locator(".facts .state").first).to_have_text(re.compile("rejected"))


def test_a_flag_is_set_to_a_percentage_with_a_reason(visit: Visit, server: Server) -> None:
    page = visit.sign_in(view="flags")
    page.get_by_role("button", name="Change meta-planning").click()
    dialog = visit.dialog
    dialog.get_by_label("Share of requests").fill("25")
    dialog.get_by_role("button", name="Change").click()
    expect(dialog).to_be_visible()  # a reason is wanted
    dialog.get_by_label("Reason").fill(HOSTILE)
    dialog.get_by_role("button", name="Change").click()
    expect(page.get_by_role("region", name="Changes")).to_contain_text(HOSTILE)
    article = page.get_by_role("article", name="meta-planning")
    article.get_by_text("Definition").click()
    expect(article.locator("pre")).to_contain_text("25")
    (step,) = server.run(server.site.supervisor.flags.history, "meta-planning")
    assert step.reason == HOSTILE
    assert step.by.startswith("ann (token ")


def test_a_setting_is_tuned_within_its_bounds_and_reset(visit: Visit, server: Server) -> None:
    page = visit.sign_in(view="tuning")
    expect(page.get_by_text("Everything is as configured.")).to_be_visible()
    page.get_by_role("searchbox", name="Find").fill("max_conc")
    expect(page.locator("main [data-stop]")).to_have_count(1)
    page.get_by_role("link", name="requests.max_concurrent").click()
    page.get_by_role("button", name="Change…").click()
    dialog = visit.dialog
    dialog.get_by_label("Reason").fill(HOSTILE)
    for wrong in ("0", "5000"):
        dialog.get_by_label("Value").fill(wrong)
        dialog.get_by_role("button", name="Change").click()
        expect(dialog).to_be_visible()
    visit.answer("Change", Value="32")
    expect(page.locator(".facts")).to_contain_text(HOSTILE)
    expect(page.get_by_role("region", name="History").get_by_role("row").last).to_contain_text("as configured32ann (to")
    assert server.site.supervisor.tuning.value("requests.max_concurrent") == 32
    visit.go("tuning")
    tuned = page.get_by_role("region", name="Tuned")
    expect(tuned).to_contain_text("requests.max_concurrent3264ann (token")
    tuned.get_by_role("link").click()
    page.get_by_role("button", name="Reset").click()
    visit.answer("Reset", Reason="enough")
    expect(page.get_by_role("button", name="Reset")).to_have_count(0)
    assert server.site.supervisor.tuning.value("requests.max_concurrent") == 64


def test_what_an_improvement_tunes_leads_to_the_setting(visit: Visit, server: Server) -> None:
    changes: dict[str, JsonValue] = {"requests.queue": 64.0}
    plan = ImprovementPlan(action="tune", specialist="performance_analyst", arguments={"changes": changes})
    suggested = suggestion("imp-5", fingerprint="5", implementation_plan=plan)
    server.run(server.site.supervisor.monitoring.improvements.suggest, suggested)
    page = visit.sign_in(view="improvements/imp-5")
    page.get_by_role("link", name="requests.queue").click()
    expect(page.get_by_role("heading", name="requests.queue")).to_be_visible()
    expect(page.get_by_text("It was never tuned.")).to_be_visible()


@pytest.mark.parametrize("visit", [PHONE], indirect=True, ids=["phone"])
def test_on_a_phone_a_row_is_a_card_that_hides_nothing(visit: Visit) -> None:
    page = visit.sign_in()
    region = page.get_by_role("region", name="Components")
    row = region.get_by_role("row").filter(has=page.get_by_role("rowheader", name="store"))
    assert row.get_by_role("cell").all_inner_texts() != []
    assert region.evaluate("node => node.scrollWidth <= node.clientWidth")
    heads = row.locator("td").evaluate_all("cells => cells.map(cell => getComputedStyle(cell, '::before').content)")
    assert heads == ['"State"', '"Since"', '"Why"']


def test_guidelines_show_their_difference_and_their_trial(visit: Visit, server: Server) -> None:
    page = visit.sign_in(view="guidelines")
    page.get_by_role("link", name="planner").click()
    expect(page.locator(".diff .added")).to_contain_text(HOSTILE)
    expect(page.get_by_role("img", name=re.compile("Difference in success rate.*high: last"))).to_be_visible()
    expect(page.get_by_role("heading", name="Trial of 1.1.0 against 1.0.0")).to_contain_text("promoted")
    page.get_by_role("button", name="Roll back").click()
    visit.answer("Roll back", Reason="it was better before")
    expect(page.locator(".facts", has_text="it was better before").first).to_be_visible()
    records = server.run(server.site.supervisor.guidelines.versions, "planner")
    assert [(record.version, record.status.value) for record in records] == [
        ("1.0.0", "active"),
        ("1.1.0", "rolled_back"),
    ]


def test_an_agent_is_switched_off_and_on_again_by_undo(visit: Visit) -> None:
    page = visit.sign_in(view="agents/weather")
    expect(page.locator(".chart canvas")).to_have_count(3)
    page.get_by_role("button", name="Switch off").click()
    visit.answer("Switch off", Reason="it rains")
    expect(page.locator(".facts")).to_contain_text("it rains")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Switch off")).to_be_visible()


def test_evolution_shows_its_figures_and_why_it_decided(visit: Visit, server: Server) -> None:
    page = visit.sign_in(view="evolution")
    for title, text in (
        ("Agents created", "0.14 a day"), ("Mean gain", "9 %"), ("Healthy deployments", "100 %"),
        ("Within constraints", re.compile(r"\d+ %|–")), ("Without a person", "75 %"),
    ):  # fmt: skip
        expect(page.locator(".tile").filter(has_text=title)).to_contain_text(text)
    expect(page.locator(".chart canvas")).to_have_count(3)
    expect(page.locator(".chart").filter(has_text="Gain of each attempt")).to_contain_text("one moment")
    kinds = page.get_by_role("region", name="Automation").get_by_role("row")
    expect(kinds).to_have_text(
        ["DecisionTakenWithout a person", "create an agent1100 %", "improve2100 %", "retire10 %"]
    )
    row = page.get_by_role("region", name="Decisions").get_by_role("row").filter(has_text="fitness 0.40")
    expect(row).to_contain_text("a person decides")
    page.get_by_label("Show").select_option("create")
    expect(page.get_by_role("region", name="Decisions").get_by_role("row")).to_have_count(2)
    page.get_by_role("region", name="Decisions").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="1. create an agent")).to_be_visible()
    expect(page.get_by_role("link", name="abcdef01")).to_be_visible()
    expect(page.locator("main")).to_contain_text("18 %")
    visit.go("evolution")
    page.get_by_role("button", name="What would a cycle do?").click()
    expect(page.get_by_text("There is nothing to do.")).to_be_visible()
    page.get_by_role("button", name="Run a cycle").click()
    expect(page.get_by_role("status").filter(has_text="has begun")).to_be_visible()
    expect(page.get_by_role("region", name="Cycles").get_by_role("row")).to_have_count(7)
    expect(page.get_by_role("region", name="Cycles").get_by_role("row").nth(1)).to_contain_text("ann (token ")


def test_an_agent_is_built_and_a_build_that_failed_is_gone_on_with(visit: Visit, server: Server) -> None:
    page = visit.sign_in(view=f"builds/{FAILED}")
    expect(page.get_by_text("It failed at health")).to_be_visible()
    page.get_by_role("button", name="Go on with it").click()
    expect(page.locator(".facts .state").first).to_have_text(re.compile("finished"))
    expect(page.get_by_role("region", name="Stages").get_by_role("row")).to_have_count(13)
    visit.go("builds")
    page.get_by_role("button", name="Build an agent…").click()
    dialog = visit.dialog
    dialog.get_by_role("button", name="Build", exact=True).click()
    expect(dialog).to_be_visible()  # it is to be said what it does
    visit.answer("Build", **{"What the agent is to do": "double the size", "Answers": "size = 2"})
    expect(page.get_by_role("heading", name="double the size")).to_be_visible()
    expect(page.locator(".facts .state").first).to_have_text(re.compile("finished"))
    assert len(server.run(server.site.supervisor.builds.list)) == 3


def test_a_version_is_gone_back_to_and_an_agent_taken_out_of_service(visit: Visit, server: Server) -> None:
    page = visit.sign_in(view=f"agents/{NAME}")
    rows = page.get_by_role("region", name="Versions").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("serves")
    page.get_by_role("button", name="Go back to 1.0.0").click()
    visit.answer("Go back", Reason="it was better")
    expect(rows.nth(1)).to_contain_text("it was better")
    assert server.run(server.site.supervisor.built_agents.in_service, NAME).version == "1.0.0"
    page.get_by_role("button", name="Take out of service").click()
    visit.answer("Take out", Reason="nobody asks for it")
    expect(page.get_by_role("button", name="Switch on again")).to_be_visible()
    page.get_by_role("button", name="Switch on again").click()
    expect(page.get_by_role("button", name="Take out of service")).to_be_visible()
    visit.go("agents")
    expect(page.get_by_role("row").filter(has_text=NAME)).to_contain_text("1.0.0")


def test_hostile_names_are_text(visit: Visit) -> None:
    visit.expected = ("TrustedHTML", "Trusted Type", "Content Security Policy")
    page = visit.sign_in()
    hostile = (
        "traces",
        "improvements/imp-3",
        "agents/evil",
        "guidelines/planner/1.1.0",
        "evolution",
        f"builds/{FAILED}",
    )
    for view in hostile:
        visit.go(view)
        expect(page.get_by_text("<img src=x", exact=False).first).to_be_visible()
        assert page.locator("main img, main script").count() == 0, view
        assert "broken" not in page.title(), view
    assert visit.problems == []
    tried = "() => { try { document.body.innerHTML = '<b>x</b>'; return '' } catch (error) { return error.name } }"
    assert page.evaluate(tried) == "TypeError", "no text can become markup, whatever the scripts do with it"


def dark(page: Page) -> bool:
    return bool(
        page.evaluate("() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] < 100")
    )


@pytest.mark.parametrize(
    "visit", [{"color_scheme": "dark"}, {"color_scheme": "light"}], indirect=True, ids=["dark", "light"]
)
def test_colours_follow_the_system_until_they_are_chosen(visit: Visit) -> None:
    page = visit.sign_in()
    before = dark(page)
    assert before is page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    page.get_by_label("Colours").select_option("light" if before else "dark")
    assert dark(page) is not before
    page.reload()
    visit.settled()
    assert dark(page) is not before


_CONTRAST = Path(__file__).with_name("contrast.js").read_text()


@pytest.mark.parametrize(
    "visit", [{**PHONE, "color_scheme": "dark"}, {"color_scheme": "light"}], indirect=True, ids=["phone-dark", "light"]
)
def test_every_view_fits_and_can_be_read(visit: Visit) -> None:
    page = visit.sign_in()
    width = (page.viewport_size or {"width": 0})["width"]
    for view in VIEWS:
        visit.go(view)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, view
        assert page.evaluate(_CONTRAST) == [], view
        unnamed = page.evaluate(
            """() => [...document.querySelectorAll('button, a, input, select, textarea, summary')]
                .filter(node => node.checkVisibility())
                .filter(node => !(node.textContent.trim() || node.ariaLabel || node.labels?.length))
                .map(node => node.outerHTML)"""
        )
        assert unnamed == [], view


@pytest.mark.parametrize(
    "visit",
    [{"viewport": {"width": width, "height": 900}} for width in (780, 1000)],
    indirect=True,
    ids=["780", "1000"],
)
def test_between_phone_and_desk_nothing_is_squeezed_away(visit: Visit) -> None:
    page = visit.sign_in(view="traces")
    widths = page.locator(".traces a").evaluate_all("links => links.map(link => link.getBoundingClientRect().width)")
    assert widths
    assert min(widths) > 120
    visit.go("")
    assert page.get_by_role("region", name="Components").evaluate("node => node.scrollWidth <= node.clientWidth + 1")


def test_the_keyboard_is_enough(visit: Visit, server: Server) -> None:
    server.ask("set an egg timer for 5 minutes")
    page = visit.page
    page.goto(server.site.address)
    expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type(server.site.token)
    page.keyboard.press("Enter")
    page.locator("main h1").wait_for()
    page.reload()
    visit.settled()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.locator("nav a", has_text="Traces").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Traces")).to_be_focused()
    visit.settled()
    while page.evaluate("() => !document.activeElement.matches('.traces a')"):
        page.keyboard.press("Tab")
    first = page.evaluate("() => document.activeElement.getAttribute('href')")
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("() => document.activeElement.getAttribute('href')") != first
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Trace", exact=True)).to_be_focused()
    assert first in page.url


def test_a_dialog_keeps_the_focus_and_gives_it_back(visit: Visit) -> None:
    page = visit.sign_in(view="flags")
    opener = page.get_by_role("button", name="Change router-model")
    opener.focus()
    page.keyboard.press("Enter")
    for _ in range(8):
        page.keyboard.press("Tab")
        inside = page.evaluate(
            "() => document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
        assert inside
    page.keyboard.press("Escape")
    expect(visit.dialog).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_token_to_read_shows_nothing_that_changes(visit: Visit, server: Server) -> None:
    token, _ = server.run(server.site.new_token, Scope.READ)
    page = visit.sign_in(token)
    for view in VIEWS:
        visit.go(view)
        names = page.locator("main button").all_inner_texts()
        assert [name for name in names if name not in {"Show older ones"}] == [], view


def test_a_token_of_a_tenant_sees_what_is_its_own(visit: Visit, server: Server) -> None:
    token, _ = server.run(server.site.new_token, *Scope, tenant="acme")
    page = visit.sign_in(token)
    expect(page.locator("nav a")).to_have_text(["Traces", "Approvals"], use_inner_text=True)
    expect(page.get_by_text("No request was handled yet.", exact=False)).to_be_visible()
    server.run(server.site.ask, "set a timer for 7 minutes", tenant="acme")
    expect(page.get_by_role("link", name="set a timer for 7 minutes")).to_be_visible()


def test_a_session_that_ends_leads_to_sign_in_and_back(visit: Visit, server: Server) -> None:
    visit.expected = ("401",)
    token, token_id = server.run(server.site.new_token, *Scope)
    page = visit.sign_in(token, view="agents/timer")
    server.run(server.site.revoke, token_id)
    page.get_by_role("link", name="Flags").click()
    expect(page.get_by_role("alert").filter(has_text="Your session is over")).to_be_visible()
    page.get_by_label("Token").fill(server.site.token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Flags")).to_be_visible()


def test_a_stream_that_breaks_goes_on_where_it_was(visit: Visit, server: Server) -> None:
    visit.expected = ("ERR_INCOMPLETE_CHUNKED_ENCODING",)
    page = visit.sign_in(view="traces")
    expect(page.locator("#connection")).to_have_text("● Live")
    server.run(server.site.drop_streams)
    expect(page.locator("#connection")).to_contain_text("Reconnecting")
    server.ask("set a timer for 8 minutes")
    expect(page.get_by_role("link", name="set a timer for 8 minutes")).to_be_visible()
    expect(page.locator("#connection")).to_have_text("● Live")


def test_without_a_network_the_page_says_so_and_recovers(visit: Visit, server: Server) -> None:
    visit.expected = ("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_CHANGED")
    server.run(server.site.ask, LUNCH.replace("Anna", "Zoe"))
    page = visit.sign_in(view="traces")
    expect(page.locator("#badge-approvals")).to_be_visible()
    page.context.set_offline(True)
    banner = page.get_by_role("alert").filter(has_text="The server can't be reached")
    expect(banner).to_be_visible()
    page.evaluate("() => dispatchEvent(new Event('online'))")  # asks, in vain
    page.wait_for_timeout(500)
    expect(page.locator("#badge-approvals")).to_be_visible()  # what waits is not known, and not “nothing”
    page.context.set_offline(False)
    expect(banner).to_be_hidden()
