"""Searching the owner's documents and the shipped collection, through the search source."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.context import Owner
from common.settings import Settings
from roles.search.documents import DocumentSource
from roles.search.query import read_query
from roles.search.reader import MarkdownReader, ReadDocument, TextReader
from roles.search.source import Findings, SearchSource, SearchUnavailable

LOCAL = Owner("default", "local")


def settings_in(folder: Path, /, **search: Any) -> Settings:
    return Settings.model_validate({"data_dir": folder, "search": {"shipped_collection": False, **search}})


def keep(folder: Path, name: str, text: str, owner: Owner = LOCAL) -> Path:
    path = Settings(data_dir=folder).documents_folder(owner) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


async def titles(source: SearchSource, query: str, owner: Owner = LOCAL) -> list[str]:
    return [hit.title for hit in (await source.search(owner, read_query(query), 10)).hits]


async def find(source: SearchSource, query: str, owner: Owner = LOCAL) -> Findings:
    return await source.search(owner, read_query(query), 10)


class SearchSourceContract:
    """What every source must do; it is given one owner's two documents."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> SearchSource:
        raise NotImplementedError

    async def test_finds_a_document_by_its_words_and_cites_it(self, source: SearchSource) -> None:
        hit = (await find(source, "quinces")).hits[0]
        assert (hit.title, hit.origin) == ("Quince jelly", "documents")
        assert hit.source
        assert "quinces" in hit.excerpt

    async def test_holds_to_the_limit(self, source: SearchSource) -> None:
        assert len((await source.search(LOCAL, read_query("quinces"), 1)).hits) == 1

    async def test_finds_nothing_where_there_is_nothing(self, source: SearchSource) -> None:
        found = await find(source, "submarine")
        assert (found.hits, found.unknown_words) == ((), ("submarine",))

    async def test_shows_nothing_to_others(self, source: SearchSource) -> None:
        for other in (Owner("default", "eve"), Owner("acme", "local")):
            assert (await find(source, "quinces", other)).hits == ()
            assert await source.read(other, "Quince jelly", 1000) is None

    async def test_reads_what_it_cites(self, source: SearchSource) -> None:
        hit = (await find(source, "quinces")).hits[0]
        for name in (hit.source, hit.title, hit.title.upper()):
            document = await source.read(LOCAL, name, 1000)
            assert document is not None
            assert document.source == hit.source
            assert "sugar" in document.text

    async def test_reads_no_more_than_asked_for(self, source: SearchSource) -> None:
        document = await source.read(LOCAL, "Quince jelly", 10)
        assert document is not None
        assert len(document.text) == 10 < document.total_chars

    async def test_an_unknown_name_is_no_document(self, source: SearchSource) -> None:
        assert await source.read(LOCAL, "../../etc/passwd", 1000) is None
        assert await source.read(LOCAL, "", 1000) is None


class TestDocumentSource(SearchSourceContract):
    @pytest.fixture
    def source(self, tmp_path: Path) -> SearchSource:
        keep(tmp_path, "kitchen/jelly.md", "# Quince jelly\n\nBoil the quinces.\n\n## Then\n\nAdd sugar.\n")
        keep(tmp_path, "garden.txt", "Plant the quinces in autumn.\n")
        return DocumentSource(settings_in(tmp_path))

    async def test_words_are_found_in_other_forms(self, source: SearchSource) -> None:
        assert "garden" in await titles(source, "planting quince")

    async def test_changes_show_at_the_next_search(self, tmp_path: Path) -> None:
        source = DocumentSource(settings_in(tmp_path))
        first = keep(tmp_path, "a.md", "# Old\n\nbananas\n")
        assert await titles(source, "bananas") == ["Old"]
        first.write_text("# New\n\ncherries\n")
        keep(tmp_path, "b.md", "# Second\n\nbananas\n")
        assert await titles(source, "bananas") == ["Second"]
        assert await titles(source, "cherries") == ["New"]
        first.unlink()
        assert await titles(source, "cherries") == []

    async def test_a_change_that_size_and_time_do_not_show_is_seen(self, tmp_path: Path) -> None:
        source = DocumentSource(settings_in(tmp_path))
        path = keep(tmp_path, "a.txt", "apples")
        moment = path.stat().st_mtime_ns
        assert await titles(source, "apples") == ["a"]
        path.write_text("lemons")
        os.utime(path, ns=(moment, moment))
        assert await titles(source, "lemons") == ["a"]

    async def test_an_unchanged_document_is_not_read_again(self, tmp_path: Path) -> None:
        class Counting(TextReader):
            read_names: list[str] = []  # noqa: RUF012

            def read(self, name: str, data: bytes) -> ReadDocument:
                self.read_names.append(name)
                return super().read(name, data)

        source = DocumentSource(settings_in(tmp_path), [Counting()])
        keep(tmp_path, "a.txt", "apples")
        for _ in range(3):
            assert await titles(source, "apples") == ["a"]
        assert Counting.read_names == ["a"]

    async def test_links_lead_nowhere(self, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret.md").write_text("# Secret\n\nthe treasure is buried\n")
        folder = keep(tmp_path, "mine.md", "# Mine\n\nno gold here\n").parent
        (folder / "file.md").symlink_to(outside / "secret.md")
        (folder / "dir").symlink_to(outside, target_is_directory=True)
        (folder / "loop").symlink_to(folder, target_is_directory=True)
        source = DocumentSource(settings_in(tmp_path))
        assert await titles(source, "treasure buried") == []
        assert await titles(source, "gold") == ["Mine"]

    async def test_what_is_no_document_is_passed_over(self, tmp_path: Path) -> None:
        folder = keep(tmp_path, "ok.md", "needle").parent
        (folder / ".hidden.md").write_text("needle")
        (folder / ".git").mkdir()
        (folder / ".git" / "x.md").write_text("needle")
        (folder / "image.png").write_bytes(b"needle")
        os.mkfifo(folder / "pipe.md")
        assert await titles(DocumentSource(settings_in(tmp_path)), "needle") == ["ok"]

    async def test_what_can_not_be_read_is_reported(self, tmp_path: Path) -> None:
        folder = keep(tmp_path, "good.md", "needle").parent
        (folder / "latin.txt").write_bytes(b"caf\xe9 needle")
        (folder / "binary.txt").write_bytes(b"needle\x00\x01")
        (folder / "big.txt").write_text("needle " * 1000)
        source = DocumentSource(settings_in(tmp_path, max_file_bytes=1000))
        for _ in range(2):
            found = await find(source, "needle")
            assert [hit.title for hit in found.hits] == ["good"]
            assert found.problems == (
                "big.txt: it is larger than 1000 bytes",
                "binary.txt: it holds binary data",
                "latin.txt: it is no UTF-8 text",
            )

    async def test_a_readable_version_replaces_an_unreadable_one(self, tmp_path: Path) -> None:
        path = keep(tmp_path, "a.txt", "")
        path.write_bytes(b"\xff needle")
        source = DocumentSource(settings_in(tmp_path))
        assert (await find(source, "needle")).problems
        path.write_text("needle")
        found = await find(source, "needle")
        assert ([hit.title for hit in found.hits], found.problems) == (["a"], ())

    async def test_other_encodings_of_unicode_are_read(self, tmp_path: Path) -> None:
        folder = keep(tmp_path, "x.txt", "").parent
        (folder / "bom.txt").write_bytes("\ufeffzürich".encode())
        (folder / "wide.txt").write_bytes("zürich".encode("utf-16"))
        assert sorted(await titles(DocumentSource(settings_in(tmp_path)), "Zurich")) == ["bom", "wide"]

    @pytest.mark.parametrize(
        "damage",
        [
            b"this is no database at all, whatever its name may say" * 100,
            b"",
            b"SQLite format 3\x00" + b"\x10\x00\x01\x01" + b"\xff" * 5000,
        ],
    )
    async def test_a_damaged_index_is_built_anew(self, tmp_path: Path, damage: bytes) -> None:
        keep(tmp_path, "a.md", "# Found\n\nneedle\n")
        source = DocumentSource(settings_in(tmp_path))
        assert await titles(source, "needle") == ["Found"]
        (tmp_path / "search.db").write_bytes(damage)
        assert await titles(source, "needle") == ["Found"]

    async def test_damage_inside_the_file_is_repaired(self, tmp_path: Path) -> None:
        keep(tmp_path, "a.md", "# Found\n\n" + "needle in a haystack. " * 2000)
        source = DocumentSource(settings_in(tmp_path))
        assert await titles(source, "needle") == ["Found"]
        with sqlite3.connect(tmp_path / "search.db") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        file = tmp_path / "search.db"
        content = bytearray(file.read_bytes())
        content[4096:] = b"\x5a" * (len(content) - 4096)
        file.write_bytes(content)
        assert await titles(source, "needle") == ["Found"]

    async def test_missing_tables_are_made_again(self, tmp_path: Path) -> None:
        keep(tmp_path, "a.md", "# Found\n\nneedle\n")
        source = DocumentSource(settings_in(tmp_path))
        assert await titles(source, "needle") == ["Found"]
        with sqlite3.connect(tmp_path / "search.db") as connection:
            connection.execute("DROP TABLE documents")
        connection.close()
        assert await titles(source, "needle") == ["Found"]

    async def test_an_unusable_place_is_said(self, tmp_path: Path) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("")
        with pytest.raises(SearchUnavailable, match="index can't be used"):
            await find(DocumentSource(settings_in(blocked / "data")), "needle")

    async def test_a_locked_index_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        keep(tmp_path, "a.md", "needle")
        source = DocumentSource(settings_in(tmp_path), busy_seconds=0.1)
        assert await titles(source, "needle")
        keep(tmp_path, "b.md", "needle")
        blocker = sqlite3.connect(tmp_path / "search.db", isolation_level=None)
        try:
            blocker.execute("BEGIN EXCLUSIVE")
            with pytest.raises(SearchUnavailable, match="locked"):
                await find(source, "needle")
        finally:
            blocker.close()
        assert await titles(source, "needle") == ["a", "b"]

    async def test_many_searches_at_once_find_the_same(self, tmp_path: Path) -> None:
        for number in range(120):
            keep(tmp_path, f"{number}.md", f"# Note {number}\n\nneedle {number}\n")
        sources = [DocumentSource(settings_in(tmp_path)) for _ in range(6)]
        found: list[list[str]] = []

        async def search(source: DocumentSource) -> None:
            found.append(await titles(source, "needle 77"))

        async with anyio.create_task_group() as group:
            for source in sources:
                group.start_soon(search, source)
        assert [names[0] for names in found] == ["Note 77"] * 6

    def test_two_processes_share_an_index(self, tmp_path: Path) -> None:
        for number in range(200):
            keep(tmp_path, f"{number}.md", f"# Note {number}\n\nneedle {number}\n")
        script = (
            "import anyio, sys; from pathlib import Path; from common.context import Owner\n"
            "from common.settings import Settings; from roles.search.documents import DocumentSource\n"
            "from roles.search.query import read_query\n"
            "source = DocumentSource(Settings(data_dir=Path(sys.argv[1]), search={'shipped_collection': False}))\n"
            "for _ in range(5):\n"
            "    found = anyio.run(source.search, Owner('default', 'local'), read_query('needle 77'), 1)\n"
            "    assert found.hits[0].title == 'Note 77', found\n"
        )
        command = [sys.executable, "-c", script, str(tmp_path)]
        processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
        errors = [process.communicate(timeout=60)[1].decode() for process in processes]
        assert [process.returncode for process in processes] == [0, 0], errors

    async def test_a_damaged_index_is_replaced_under_many_users(self, tmp_path: Path) -> None:
        for number in range(30):
            keep(tmp_path, f"{number}.md", f"# Note {number}\n\nneedle {number}\n")
        (tmp_path / "search.db").write_bytes(b"no database" * 1000)
        found: list[list[str]] = []

        async def search() -> None:
            found.append(await titles(DocumentSource(settings_in(tmp_path)), "needle 7"))

        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(search)
        assert [names[0] for names in found] == ["Note 7"] * 6

    async def test_the_time_for_indexing_is_bounded_and_said(self, tmp_path: Path) -> None:
        for number in range(120):
            keep(tmp_path, f"{number:03}.md", f"needle {number}")
        hurried = DocumentSource(settings_in(tmp_path), index_seconds=0.0)
        assert (await find(hurried, "needle")).problems[0].startswith("120 documents are not indexed yet")
        assert (await find(DocumentSource(settings_in(tmp_path)), "needle")).problems == ()

    async def test_a_folder_set_by_hand_does_not_show_what_is_others(self, tmp_path: Path) -> None:
        eve = Owner("acme", "eve")
        keep(tmp_path, "diary.md", "# Diary\n\nneedle\n", eve)
        keep(tmp_path, "mine.md", "# Mine\n\nneedle\n")
        source = DocumentSource(settings_in(tmp_path, folder=tmp_path))
        assert await titles(source, "needle") == ["Mine"]
        assert await titles(source, "needle", eve) == ["Diary"]

    async def test_a_missing_folder_is_an_empty_one(self, tmp_path: Path) -> None:
        assert await titles(DocumentSource(settings_in(tmp_path / "new")), "needle") == []

    async def test_the_collection_can_be_left_out_again(self, tmp_path: Path) -> None:
        keep(tmp_path, "a.md", "# Mine\n\nMy own hut\n")
        with_collection = Settings(data_dir=tmp_path)
        assert len(await titles(DocumentSource(with_collection), "hut")) > 3
        assert await titles(DocumentSource(settings_in(tmp_path)), "hut") == ["Mine"]


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_is_a_query(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        keep(Path(folder), "a.md", "# Note\n\nneedle\n")
        await find(DocumentSource(settings_in(Path(folder))), text)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('needle" OR "other', ["Note"]),
        ("needle*", ["Note"]),
        ("NEAR(needle thread)", ["Note", "Else"]),
        ("title : needle", ["Note"]),
        ("-needle", ["Note"]),
        ("needle AND", ["Note"]),
        ("^needle", ["Note"]),
        ("need*", []),
        ("'", []),
        ("* OR *", []),
    ],
)
async def test_operators_in_a_query_are_words(tmp_path: Path, query: str, found: list[str]) -> None:
    keep(tmp_path, "a.md", "# Note\n\nneedle\n")
    keep(tmp_path, "b.md", "# Else\n\nthread\n")
    assert await titles(DocumentSource(settings_in(tmp_path)), query) == found


names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=12).filter(
    str.isprintable
)
owners = st.lists(st.builds(Owner, names, names), min_size=2, max_size=4, unique=True)


@given(owners, st.lists(st.text("abcdef ", min_size=3, max_size=30), min_size=4, max_size=4))
@settings(deadline=None, max_examples=12)
async def test_no_owner_sees_a_document_of_another(people: list[Owner], texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, (owner, text) in enumerate(zip(people, texts, strict=False)):
            keep(Path(folder), f"{number}.txt", f"common {text}", owner)
        source = DocumentSource(settings_in(Path(folder)))
        for number, owner in enumerate(people):
            assert await titles(source, "common", owner) == [str(number)]
            for other in range(len(people)):
                document = await source.read(owner, f"{other}.txt", 100)
                assert (document is not None) == (other == number)


class TestReaders:
    def test_markdown_gives_title_headings_and_passages(self) -> None:
        text = (
            "---\ntitle: My notes\n---\nIntro.\n\n# Top\n\nOne.\n\n## Sub ##\n\n```\n# no heading\n```\n\n# Next\nTwo."
        )
        document = MarkdownReader().read("file", text.encode())
        assert document.title == "My notes"
        assert [(passage.heading, passage.text) for passage in document.passages] == [
            ("", "Intro."),
            ("", "One."),
            ("Sub", "```\n# no heading\n```"),
            ("Next", "Two."),
        ]

    def test_a_document_without_title_is_named_after_its_file(self) -> None:
        assert MarkdownReader().read("packing-list_2026", b"just text").title == "packing list 2026"

    @given(st.text(max_size=5000))
    def test_no_text_is_lost_and_no_passage_is_long(self, text: str) -> None:
        clean = text.replace("\x00", "").replace("\ufeff", "")
        document = TextReader().read("x", clean.encode("utf-8", "ignore"))
        assert all(0 < len(passage.text) <= 900 for passage in document.passages)
        said = "".join("".join(passage.text for passage in document.passages).split())
        assert said == "".join(clean.encode("utf-8", "ignore").decode().split())
