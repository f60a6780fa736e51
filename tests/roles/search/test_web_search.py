"""Searching the web: each provider against a server, and the tool that answers from it."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import ddgs.engines
import pytest
from ddgs.base import BaseSearchEngine
from ddgs.exceptions import RatelimitException
from ddgs.results import TextResult

from common.errors import ConfigurationError
from common.settings import Settings, WebSearchSettings
from roles.search import build
from roles.search.web import WebSearch, WebUnavailable, asks_for_web, clean_results, clean_text, web_query
from roles.search.web_ddgs import DdgsSearch
from roles.search.web_searxng import SearxngSearch
from supervisor.doctor import examine
from supervisor.facade import Supervisor
from supervisor.testing import offline_settings
from tests.roles.asking import Asking, asking
from tests.roles.search.web_contract import PAGES, TRAP, WebSearchContract
from tests.services.process import free_port
from tests.services.searxng_stand_in import FAULTS, SearxngStandIn, result, searxng


@pytest.fixture
def server() -> Generator[SearxngStandIn]:
    with searxng(PAGES) as running:
        yield running


def settings_of(**web: Any) -> WebSearchSettings:
    return WebSearchSettings.model_validate({"provider": "searxng", "timeout": 5, **web})


class TestSearxng(WebSearchContract):
    @pytest.fixture
    def web(self, server: SearxngStandIn) -> WebSearch:
        return SearxngSearch(settings_of(url=server.address))

    @pytest.fixture
    def gone(self) -> WebSearch:
        return SearxngSearch(settings_of(url=f"http://127.0.0.1:{free_port()}"))

    @pytest.fixture
    def hanging(self, server: SearxngStandIn) -> WebSearch:
        server.fault = "hang"
        return SearxngSearch(settings_of(url=server.address, timeout=0.3))

    async def test_what_is_asked(self, server: SearxngStandIn) -> None:
        await SearxngSearch(settings_of(url=f"{server.address}/search/", language="de", safe=False)).search(
            "nadel öhr", 3
        )
        await SearxngSearch(settings_of(url=f"{server.address}/?q=x")).search("needle", 3)
        assert server.asked == [
            ("/search", {"q": "nadel öhr", "format": "json", "safesearch": "0", "language": "de"}),
            ("/search", {"q": "needle", "format": "json", "safesearch": "1"}),
        ]

    @pytest.mark.parametrize("fault", FAULTS)
    async def test_every_fault_is_a_clause_for_people(self, server: SearxngStandIn, fault: str) -> None:
        server.fault = fault
        web = SearxngSearch(settings_of(url=server.address, timeout=0.5))
        with pytest.raises(WebUnavailable) as raised:
            await web.search("needle", 5)
        said = str(raised.value)
        expected = {
            "429": "takes no more requests",
            "302": "another address",
            "503": "fault of its own (503)",
            "html": "no JSON",
            "huge": "too large",
            "shape": "no list of results",
        }
        assert expected.get(fault, "") in said
        assert (said[0].islower(), said[-1] != ".", "\n" in said) == (True, True, False)

    async def test_a_server_that_gives_no_json_is_told_apart(self, server: SearxngStandIn) -> None:
        server.formats = ["html"]
        web = SearxngSearch(settings_of(url=server.address))
        with pytest.raises(WebUnavailable, match=r"list json under search\.formats"):
            await web.search("needle", 5)
        with pytest.raises(Exception, match=r"list json under search\.formats"):
            await web.probe()

    async def test_engines_that_did_not_answer_are_not_taken_for_nothing_found(self, server: SearxngStandIn) -> None:
        server.silent = [["brave", "Suspended: too many requests"], ["mojeek", "timeout"], ["odd"]]
        web = SearxngSearch(settings_of(url=server.address))
        assert await web.search("thimble", 5)
        with pytest.raises(WebUnavailable, match="brave: Suspended: too many requests; mojeek: timeout; odd"):
            await web.search("submarine", 5)

    async def test_rows_of_other_shapes_are_passed_over(self, server: SearxngStandIn) -> None:
        server.pages = [
            {**result("needle", "https://a.example/", "x"), **odd} for odd in ({"url": None}, {"url": 7}, {})
        ]
        web = SearxngSearch(settings_of(url=server.address))
        assert [page.url for page in await web.search("needle", 5)] == ["https://a.example/"]
        server.pages = server.pages[:2]
        with pytest.raises(WebUnavailable, match="none of its results"):
            await web.search("needle", 5)

    async def test_the_probe_asks_no_search_engine(self, server: SearxngStandIn) -> None:
        reached = await SearxngSearch(settings_of(url=server.address)).probe()
        assert reached.version == "2026.11.1+abcdef0"
        assert all("q" not in query for _, query in server.asked)

    @pytest.mark.parametrize("url", ["", "  ", "localhost:8888", "ftp://host/", "http://", "http://host:99999"])
    async def test_an_address_that_is_none_names_its_setting(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(ConfigurationError, match=r"search\.web\.url"):
            async with asking(build, tmp_path, search={"web": {"provider": "searxng", "url": url}}):
                raise AssertionError

    async def test_a_password_in_the_address_is_told_nobody(self) -> None:
        web = SearxngSearch(settings_of(url=f"http://bob:SECRET@127.0.0.1:{free_port()}"))
        for ask in (web.probe(), web.search("needle", 5)):
            with pytest.raises(Exception) as raised:  # noqa: PT011
                await ask
            assert "SECRET" not in f"{raised.value!r} {raised.value}"


class StandInEngine(BaseSearchEngine[TextResult]):
    """An engine as ddgs has them, whose pages come from the stand-in: the package's own client asks and reads."""

    name = "stand_in"
    category = "text"
    provider = "stand_in"
    search_url = ""
    search_method = "GET"
    items_xpath = "//li"
    elements_xpath: ClassVar[Mapping[str, str]] = {}
    asked: ClassVar[list[dict[str, str]]] = []

    def build_payload(
        self, query: str, region: str, safesearch: str, timelimit: str | None, page: int = 1, **kwargs: str
    ) -> dict[str, Any]:
        self.asked.append({"region": region, "safesearch": safesearch})
        return {"q": query, "format": "json"}

    def extract_results(self, html_text: str) -> list[TextResult]:
        rows = json.loads(html_text)["results"]
        return [TextResult(title=row["title"], href=row["url"], body=row["content"]) for row in rows]


class TestDdgs(WebSearchContract):
    @pytest.fixture(autouse=True)
    def engine(self, server: SearxngStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(ddgs.engines.ENGINES["text"], "stand_in", StandInEngine)
        monkeypatch.setattr(StandInEngine, "search_url", f"{server.address}/search")
        monkeypatch.setattr(StandInEngine, "asked", [])
        monkeypatch.delenv("DDGS_PROXY", raising=False)

    def made(self, server: SearxngStandIn | None, **web: Any) -> DdgsSearch:
        port = urlsplit(server.address).port if server else free_port()
        assert port
        return DdgsSearch(settings_of(provider="ddgs", **web), backend="stand_in", reach=("127.0.0.1", port))

    @pytest.fixture
    def web(self, server: SearxngStandIn) -> WebSearch:
        return self.made(server)

    @pytest.fixture
    def gone(self, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> WebSearch:
        if "web" not in request.fixturenames:
            monkeypatch.setattr(StandInEngine, "search_url", f"http://127.0.0.1:{free_port()}/search")
        return self.made(None)

    @pytest.fixture
    def hanging(self, server: SearxngStandIn) -> WebSearch:
        server.fault = "hang"
        return self.made(server, timeout=1)

    @pytest.mark.parametrize(
        ("language", "safe", "region", "safesearch"),
        [
            ("", True, "us-en", "moderate"),
            ("de", False, "de-de", "off"),
            ("de-CH", True, "ch-de", "moderate"),
            ("en-GB", True, "uk-en", "moderate"),
            ("x-1", True, "us-en", "moderate"),
        ],
    )
    async def test_what_is_asked(
        self, server: SearxngStandIn, language: str, safe: bool, region: str, safesearch: str
    ) -> None:
        await self.made(server, language=language, safe=safe).search("needle", 3)
        assert StandInEngine.asked == [{"region": region, "safesearch": safesearch}]

    @pytest.mark.parametrize("fault", ["html", "broken", "list", "shape"])
    async def test_answers_that_can_not_be_read_are_said(self, server: SearxngStandIn, fault: str) -> None:
        server.fault = fault
        with pytest.raises(WebUnavailable):
            await self.made(server).search("needle", 5)

    async def test_refusals_are_said(self, server: SearxngStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(self: StandInEngine, *args: Any, **kwargs: Any) -> None:
            raise RatelimitException("202 Ratelimit")

        monkeypatch.setattr(StandInEngine, "search", refuse)
        with pytest.raises(WebUnavailable, match=r"could not be asked|no more requests"):
            await self.made(server).search("needle", 5)

    async def test_without_the_package_the_extra_is_named(
        self, server: SearxngStandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "ddgs", None)
        web = self.made(server)
        for ask in (web.probe(), web.search("needle", 5)):
            with pytest.raises(ConfigurationError, match=r"agent-supervisor\[web\]"):
                await ask


@pytest.fixture
async def search(tmp_path: Path, server: SearxngStandIn) -> AsyncIterator[Asking]:
    web = {"provider": "searxng", "url": server.address, "timeout": 5, "max_results": 2}
    async with asking(build, tmp_path, search={"web": web, "shipped_collection": False}) as role:
        yield role


class TestRole:
    @pytest.mark.parametrize(
        ("said", "asked"),
        [
            ("search the web for needles and thread", "needles and thread"),
            ("google needle guide", "needle guide"),
            ("look up needle sizes online", "needle sizes"),
            ("please look up needle sizes on the internet", "needle sizes"),
            ("find reviews of needle guides online", "reviews of needle guides"),
            ("what does the web say about the needle?", "the needle"),
            ("do a web search for needle", "needle"),
        ],
    )
    async def test_the_web_is_searched_where_it_is_asked_for(
        self, search: Asking, server: SearxngStandIn, said: str, asked: str
    ) -> None:
        answer = await search.ask(said)
        assert answer.tools == ("search.web",), answer.text
        assert [query["q"] for _, query in server.asked] == [asked]

    async def test_the_answer_cites_and_follows_nothing(self, search: Asking) -> None:
        answer = await search.ask("search the web for needle")
        lines = answer.text.splitlines()
        assert lines[0] == "Found on the web by SearXNG for “needle” (quoted, not checked):"
        assert lines[1] == "- “Needle guide & thread” (https://example.org/guide): All about the needle [31m."
        assert lines[2].startswith(f"- “needle trap” (http://example.com/trap?a=1&b=2): {TRAP}")
        assert (len(lines), answer.intents, answer.result.ok) == (3, [], True)

    @pytest.mark.parametrize(
        "said",
        ["search for needles", "what do my notes say about the needle?", "who was ada lovelace", "find a needle"],
    )
    async def test_other_searches_stay_here(self, search: Asking, server: SearxngStandIn, said: str) -> None:
        answer = await search.ask(said)
        assert answer.tools == ("search.documents",)
        assert server.asked == []
        assert answer.text.splitlines()[-1].startswith("To look on the web, say “search the web for ")

    async def test_nothing_found_and_failures_are_told_apart(self, search: Asking, server: SearxngStandIn) -> None:
        nothing = await search.ask("search the web for submarine")
        assert (nothing.result.ok, nothing.text) == (True, "SearXNG found nothing on the web about “submarine”.")
        server.fault = "503"
        failed = await search.ask("search the web for needle")
        assert (failed.result.ok, failed.text) == (
            False,
            "I could not search the web with SearXNG: it has a fault of its own (503).",
        )

    async def test_without_a_provider_the_web_is_not_claimed(self, tmp_path: Path) -> None:
        async with asking(build, tmp_path) as role:
            assert [tool.name for tool in role.role.tools] == ["search.documents", "search.read"]
            assert "does not search the web" in role.role.description
            answer = await role.ask("search the web for a lodge with a sauna")
        assert answer.text.startswith("I can't search the web: no provider for it is set up (search.web.provider).")
        assert "Schneehuhn Lodge" in answer.text
        assert (answer.result.ok, answer.result.partly) == (False, True)

    async def test_the_description_says_that_the_web_is_searched(self, search: Asking) -> None:
        assert "does not search the web" not in search.role.description
        assert "searches the web where the user asks" in search.role.description

    async def test_a_missing_package_is_said_in_the_answer(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "ddgs", None)
        async with asking(build, tmp_path, search={"web": {"provider": "ddgs"}}) as role:
            answer = await role.ask("search the web for needle")
        assert not answer.result.ok
        assert "pip install 'agent-supervisor[web]'" in answer.text

    async def test_the_doctor_asks_both(self, search: Asking, server: SearxngStandIn) -> None:
        documents, web = await examine(search.role.health_checks)
        assert (documents.part, documents.status) == ("search", "reached")
        assert (web.part, web.status, web.version) == ("web search", "reached", "2026.11.1+abcdef0")
        server.fault = "500"
        assert [found.status for found in await examine(search.role.health_checks)] == ["reached", "unreachable"]

    async def test_a_whole_supervisor_searches_the_web(self, tmp_path: Path, server: SearxngStandIn) -> None:
        settings = offline_settings(tmp_path)
        data = {"web": {"provider": "searxng", "url": server.address}}
        settings = settings.model_copy(update={"search": Settings.model_validate({"search": data}).search})
        async with Supervisor(settings, background=False) as supervisor:
            response = await supervisor.process_request("search the web for needle")
        assert response.outcome == "success"
        assert response.metadata.tools_used == ("search.web",)
        assert "https://example.org/guide" in response.text


class TestCleaning:
    @pytest.mark.parametrize(
        ("said", "query"),
        [
            ("ferries to Corsica", "ferries to Corsica"),
            ("search the web for ferries", "ferries"),
            ("web say about sourdough", "sourdough"),
            ("web search: solar panels", "solar panels"),
            ("!wikipedia :de <5 needle", "wikipedia de 5 needle"),
            ("the web", "the web"),
            ("online", "online"),
            ("how do I reset my web server", "how do I reset my web server"),
        ],
    )
    def test_queries(self, said: str, query: str) -> None:
        assert web_query(said) == query

    def test_a_query_is_short(self) -> None:
        assert len(web_query("word " * 1000)) <= 300

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("a <b>b</b>\n\tc", "a b c"),
            ("1 < 2 &lt;i&gt; 3", "1 < 2 <i> 3"),
            ("\u202ereversed\u200b\x00", "reversed"),
            (None, ""),
            (5, ""),
            ("x" * 50, "x" * 18 + " …"),
        ],
    )
    def test_texts(self, text: object, shown: str) -> None:
        assert clean_text(text, 20) == shown

    @pytest.mark.parametrize(
        "url",
        [
            "javascript:alert(1)",
            "data:text/html,x",
            "//example.org/",
            "https://",
            "https://user:password@example.org/",
            "https://example.org/a b",
            "https://example.org/\u202e",
            "https://example.org/\x1b[2J",
            "http://[::1",
            "http://host:99999999/",
            'https://example.org/"onload=',
            "https://example.org/" + "x" * 2000,
            None,
            7,
        ],
    )
    def test_addresses_that_are_not_shown(self, url: object) -> None:
        assert clean_results([("t", url, "s")], 5) == ()

    def test_a_page_without_a_title_is_called_by_its_host(self) -> None:
        assert clean_results([(None, "https://example.org/x", None)], 5)[0].title == "example.org"

    @pytest.mark.parametrize(
        ("said", "asks"),
        [
            ("search the web for huts", True),
            ("google alan turing", True),
            ("look up train times online", True),
            ("what does the internet say about huts", True),
            ("how do I reset the internet router", False),
            ("what do my notes say about online banking", False),
            ("find the spider web drawing", False),
        ],
    )
    def test_asking_for_the_web(self, said: str, asks: bool) -> None:
        assert asks_for_web(said) is asks
