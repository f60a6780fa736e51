"""The readers of .txt, .md, .html and .pdf files: what they have in common, and what each does with its own faults."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from common.settings import Settings
from roles.search.documents import DocumentSource
from roles.search.file_readers import HtmlReader, PdfReader
from roles.search.query import read_query
from roles.search.reader import DocumentReader, MarkdownReader, ReaderUnavailable, TextReader, UnreadableDocument
from tests.roles.search.pdf_files import assembled, bomb, encrypted, endless, pdf, pdf_of_streams
from tests.roles.search.reader_contract import ReaderContract
from tests.roles.search.test_document_source import LOCAL, find, keep, titles

Sections = list[tuple[str, list[str]]]


class TestTextReader(ReaderContract):
    broken = b"caf\xe9"

    @pytest.fixture
    def reader(self) -> DocumentReader:
        return TextReader()

    def written(self, sections: Sections) -> bytes:
        return "\n\n".join("\n\n".join([heading, *paragraphs]) for heading, paragraphs in sections).encode()

    def headings(self, sections: Sections) -> list[str]:
        return [""]


class TestMarkdownReader(ReaderContract):
    broken = b"# caf\xe9"

    @pytest.fixture
    def reader(self) -> DocumentReader:
        return MarkdownReader()

    def written(self, sections: Sections) -> bytes:
        parts = ["\n\n".join([f"## {heading}" if heading else "", *paragraphs]) for heading, paragraphs in sections]
        return "\n\n".join(parts).encode()

    def headings(self, sections: Sections) -> list[str]:
        return ["" if index == 0 else heading for index, (heading, _) in enumerate(sections)]


class TestHtmlReader(ReaderContract):
    broken = b"<p>\x00\x01\x02</p>"

    @pytest.fixture
    def reader(self) -> DocumentReader:
        return HtmlReader()

    def written(self, sections: Sections) -> bytes:
        body = "".join(
            (f"<h2>{escape(heading)}</h2>" if heading else "") + "".join(f"<p>{escape(text)}" for text in paragraphs)
            for heading, paragraphs in sections
        )
        return f"<!doctype html><meta charset=utf-8><body>{body}".encode()

    def headings(self, sections: Sections) -> list[str]:
        return ["" if index == 0 else heading for index, (heading, _) in enumerate(sections)]

    def test_one_reads_what_one_would_see(self, reader: DocumentReader) -> None:
        page = """<!DOCTYPE html><html><head><title> Our &amp; your
          boiler </title><style>p {color: red}</style></head>
          <body><nav><a href="/">Home</a></nav><header>Manuals</header>
          <h1>Boiler</h1><p>Serviced <b>ye</b>arly&nbsp;by <i>Rossi</i>.<br>In May.</p>
          <p hidden>hidden one</p><div style="color:red; DISPLAY: none">hidden two<p>and three</p></div>
          <template>hidden four</template><dialog>hidden five</dialog><script>hidden("six")</script>
          <!-- hidden seven --><noscript>hidden eight</noscript><button>Press</button>
          <h2>Pressure</h2><ul><li>1.5 bar<li>never 3 bar</ul>
          <table><tr><th>Month<th>Bar<tr><td>May<td>1.4</table><pre>  a
    b</pre></body></html>"""
        document = reader.read("file", page.encode())
        assert document.title == "Our & your boiler"
        assert [(passage.heading, passage.text) for passage in document.passages] == [
            ("", "Manuals"),
            ("Boiler", "Serviced yearly by Rossi.\nIn May."),
            ("Boiler › Pressure", "- 1.5 bar\n\n- never 3 bar\n\nMonth Bar\n\nMay 1.4\n\na\n    b"),
        ]

    def test_a_page_without_a_title_is_called_by_its_first_heading(self, reader: DocumentReader) -> None:
        document = reader.read("file", b"<h1>Boiler <em>manual</em></h1><p>text<h2>Sub</h2>more")
        assert document.title == "Boiler manual"
        assert [(passage.heading, passage.text) for passage in document.passages] == [("", "text"), ("Sub", "more")]

    @pytest.mark.parametrize(
        "data",
        [
            "<p>Zürich €</p>".encode(),
            "<p>Zürich €</p>".encode("utf-8-sig"),
            "<p>Zürich €</p>".encode("utf-16"),
            "\ufeff<p>Zürich €</p>".encode("utf-16-be"),
            "<p>Zürich €</p>".encode("cp1252"),
            '<meta charset="iso-8859-1"><p>Zürich €</p>'.encode("cp1252"),
            "<meta http-equiv=Content-Type content='text/html; charset=windows-1252'><p>Zürich €".encode("cp1252"),
            "<?xml version='1.0' encoding='iso-8859-15'?><p>Zürich €</p>".encode("iso-8859-15"),
            '<meta charset="utf-16"><p>Zürich €</p>'.encode(),
            '<meta charset="nonsense"><p>Zürich €</p>'.encode(),
            '<meta charset="rot13"><p>Zürich €</p>'.encode(),
            '<meta charset="utf-7"><p>Zürich €</p>'.encode(),
            b'<meta charset="ascii"><p>Z&uuml;rich &#8364;</p>',
        ],
    )
    def test_the_encoding_is_what_the_page_says_or_what_fits(self, reader: DocumentReader, data: bytes) -> None:
        assert [passage.text for passage in reader.read("x", data).passages] == ["Zürich €"]

    @pytest.mark.parametrize(
        "data",
        [
            b"<p>needle",
            b"<p><b>needle</p></b></div></body>x",
            b"needle</html><p>",
            b"<table><p>needle</table>",
            b"<x:y>needle",
        ],
    )
    def test_broken_markup_is_read_as_browsers_do(self, reader: DocumentReader, data: bytes) -> None:
        assert "needle" in " ".join(passage.text for passage in reader.read("x", data).passages)

    def test_nesting_that_takes_a_parser_for_ever_is_given_up(self) -> None:
        with pytest.raises(UnreadableDocument, match="too long"):
            HtmlReader(cpu_seconds=1).read("x", b"<div>" * 1_000_000)

    def test_a_very_long_page_is_read_to_a_bound_and_says_so(self) -> None:
        document = HtmlReader(max_chars=1000).read("x", b"<p>first</p><p>" + b"word " * 10_000)
        assert document.note == "only its first 1000 characters are searched"
        assert 900 < sum(len(passage.text) for passage in document.passages) <= 1000


class TestPdfReader(ReaderContract):
    broken = b"<html>no pdf</html>"

    @pytest.fixture
    def reader(self) -> DocumentReader:
        return PdfReader()

    def written(self, sections: Sections) -> bytes:
        return pdf(["\n".join([heading, *paragraphs]).strip() for heading, paragraphs in sections])

    def headings(self, sections: Sections) -> list[str]:
        return [f"page {number}" for number in range(1, len(sections) + 1)]

    @pytest.mark.parametrize(
        ("declared", "title"),
        [
            ("Our boiler", "Our boiler"),
            ("", "Manual of the boiler"),
            ("untitled", "Manual of the boiler"),
            ("Microsoft Word - boiler.docx", "Manual of the boiler"),
            (None, "Manual of the boiler"),
        ],
    )
    def test_the_title_is_declared_or_the_first_line(
        self, reader: DocumentReader, declared: str | None, title: str
    ) -> None:
        assert reader.read("x", pdf(["7\nManual of the boiler\nText."], title=declared)).title == title

    def test_words_cut_at_the_end_of_a_line_are_whole(self, reader: DocumentReader) -> None:
        (passage,) = reader.read("x", pdf(["A pres-\nsure of 1.5 bar in Baden-\nWürttemberg"])).passages
        assert "A pressure of 1.5 bar" in passage.text
        assert "Baden-\nWürttemberg" in passage.text

    @pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
    def test_a_password_keeps_it_shut(self, reader: DocumentReader, algorithm: str) -> None:
        with pytest.raises(UnreadableDocument, match="it is protected by a password"):
            reader.read("x", encrypted(pdf(["needle"]), "secret", algorithm))
        opened = reader.read("x", encrypted(pdf(["needle"]), "", algorithm))
        assert [passage.text for passage in opened.passages] == ["needle"]

    @pytest.mark.parametrize(
        "data",
        [
            pdf(["needle"])[:200],
            b"%PDF-1.7\n" + b"\x00\xff" * 5000,
            assembled([b"<< /Type /Catalog >>"]),
            endless(),
            pdf_of_streams([(b"no zlib at all", b"/Filter /FlateDecode")]),
            pdf_of_streams([(b"", b"")]),
        ],
    )
    def test_damage_is_named(self, reader: DocumentReader, data: bytes) -> None:
        with pytest.raises(UnreadableDocument, match=r"^it "):
            reader.read("x", data)

    def test_a_file_whose_table_of_parts_is_wrong_is_still_read(self, reader: DocumentReader) -> None:
        document = reader.read("x", pdf(["needle"]).replace(b"startxref\n", b"startxref\n9"))
        assert [passage.text for passage in document.passages] == ["needle"]

    def test_one_broken_page_leaves_the_others(self, reader: DocumentReader) -> None:
        whole = b"BT /F1 12 Tf 50 780 Td (needle) Tj ET"
        document = reader.read("x", pdf_of_streams([(b"BT (a Tj [ << ET", b"/Filter /NoSuchFilter"), (whole, b"")]))
        assert [(passage.heading, passage.text) for passage in document.passages] == [("page 2", "needle")]
        assert document.note == "1 of its pages can't be read"

    def test_a_bomb_is_given_up(self) -> None:
        data = bomb(70)
        assert len(data) < 300_000
        with pytest.raises(UnreadableDocument, match=r"^it "):
            PdfReader(cpu_seconds=2).read("x", data)

    def test_a_long_one_is_read_to_a_bound_and_says_so(self) -> None:
        pages = [f"needle {number}" for number in range(30)]
        by_pages = PdfReader(max_pages=3).read("x", pdf(pages))
        assert [passage.text for passage in by_pages.passages] == ["needle 0", "needle 1", "needle 2"]
        assert by_pages.note == "only its first 3 of 30 pages are searched"
        by_text = PdfReader(max_chars=20).read("x", pdf(pages))
        assert [passage.text for passage in by_text.passages] == ["needle 0", "needle 1", "need"]
        assert by_text.note == "only its first 3 of 30 pages are searched"


class TestSearching:
    """Documents of these kinds among the others."""

    @staticmethod
    def source(folder: Path, /, readers: Sequence[DocumentReader] | None = None, **search: Any) -> DocumentSource:
        settings = Settings.model_validate({"data_dir": folder, "search": {"shipped_collection": False, **search}})
        return DocumentSource(settings, readers)

    async def test_they_are_found_cited_and_read(self, tmp_path: Path) -> None:
        folder = keep(tmp_path, "a.md", "# Note\n\nneedle\n").parent
        (folder / "page.HTM").write_bytes(b"<title>A page</title><h2>Sewing</h2><p>the needle and the thread")
        (folder / "manual.pdf").write_bytes(pdf(["Sewing machine", "Change the needle yearly"], title="A manual"))
        source = self.source(tmp_path)
        assert sorted(await titles(source, "needle")) == ["A manual", "A page", "Note"]
        (hit,) = (await find(source, "change needle yearly")).hits[:1]
        assert (hit.source, hit.heading, hit.excerpt) == ("documents: manual.pdf", "page 2", "Change the needle yearly")
        read = await source.read(LOCAL, "manual.pdf", 1000)
        assert read is not None
        assert read.text == "page 1\nSewing machine\npage 2\nChange the needle yearly"

    async def test_bad_ones_are_named_and_stop_nothing(self, tmp_path: Path) -> None:
        folder = keep(tmp_path, "a.md", "# Note\n\nneedle\n").parent
        (folder / "locked.pdf").write_bytes(encrypted(pdf(["needle"]), "secret"))
        (folder / "no.pdf").write_bytes(b"hello")
        (folder / "long.pdf").write_bytes(pdf([f"needle {number}" for number in range(5)]))
        source = self.source(tmp_path, [MarkdownReader(), PdfReader(max_pages=2)])
        for _ in range(2):
            found = await find(source, "needle")
            assert sorted(hit.title for hit in found.hits) == ["Note", "needle 0"]
            assert found.problems == (
                "locked.pdf: it is protected by a password",
                "long.pdf: only its first 2 of 5 pages are searched",
                "no.pdf: it is no PDF",
            )

    @pytest.mark.parametrize(("package", "ending"), [("pypdf", "pdf"), ("selectolax", "html")])
    async def test_without_the_package_its_files_are_named_with_the_extra(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, ending: str
    ) -> None:
        folder = keep(tmp_path, "a.md", "# Note\n\nneedle\n").parent
        for name in ("one", "two"):
            content = pdf(["needle"]) if ending == "pdf" else b"needle"
            (folder / f"{name}.{ending}").write_bytes(content)
        source = self.source(tmp_path)
        with monkeypatch.context() as without:
            without.setitem(sys.modules, package, None)
            for _ in range(2):
                found = await find(source, "needle")
                assert [hit.title for hit in found.hits] == ["Note"]
                assert found.problems == (
                    f"one.{ending} and 1 more: the package {package} is not installed; "
                    "install it with: pip install 'agent-supervisor[documents]'",
                )
        found = await find(source, "needle")
        assert (len(found.hits), found.problems) == (3, ())

    async def test_where_no_process_can_be_started_that_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep(tmp_path, "a.html", "needle")
        monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
        with pytest.raises(ReaderUnavailable):
            HtmlReader().read("x", b"needle")
        found = await find(self.source(tmp_path), "needle")
        assert (found.hits, len(found.problems)) == ((), 1)

    async def test_many_at_once_are_read_by_and_by(self, tmp_path: Path) -> None:
        for number in range(6):
            keep(tmp_path, f"{number}.html", f"<title>Page {number}</title>needle")

        class Slow(HtmlReader):
            def read(self, name: str, data: bytes) -> Any:
                time.sleep(0.15)
                return super().read(name, data)

        settings = Settings.model_validate({"data_dir": tmp_path, "search": {"shipped_collection": False}})
        hurried = DocumentSource(settings, [Slow()], index_seconds=0.3)
        first = await hurried.search(LOCAL, read_query("needle"), 10)
        assert 0 < len(first.hits) < 6
        assert first.problems[0].endswith("documents are not indexed yet; ask again in a moment")
        while (await hurried.search(LOCAL, read_query("needle"), 10)).problems:
            pass
        assert len(await titles(hurried, "needle")) == 6

    async def test_the_health_check_counts_and_changes_nothing(self, tmp_path: Path) -> None:
        keep(tmp_path, "a.html", "needle")
        source = self.source(tmp_path)
        assert (await source.probe()).detail == "1 document, indexed at the first search"
        assert not (tmp_path / "search.db").exists()
        await titles(source, "needle")
        assert (await source.probe()).detail == "1 document, 1 indexed"
        (tmp_path / "search.db").write_bytes(b"no database at all" * 100)
        assert "will be built anew" in (await source.probe()).detail

    async def test_the_health_check_names_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"search\.folder"):
            await self.source(tmp_path, folder=tmp_path / "none").probe()
        blocked = tmp_path / "file"
        blocked.write_text("")
        with pytest.raises(ConfigurationError, match="can't be used"):
            await self.source(blocked / "data").probe()
