"""What every reader of documents must do."""

from __future__ import annotations

import pytest

from roles.search.reader import DocumentReader, ReadDocument, UnreadableDocument


class ReaderContract:
    """`written` makes a file of the reader's kind from (heading, paragraphs) sections; `heading` says what is shown."""

    title = "quince-jelly_2026"

    @pytest.fixture
    def reader(self) -> DocumentReader:
        raise NotImplementedError

    def written(self, sections: list[tuple[str, list[str]]]) -> bytes:
        raise NotImplementedError

    def headings(self, sections: list[tuple[str, list[str]]]) -> list[str]:
        """The headings that the passages of these sections stand under."""
        raise NotImplementedError

    broken: bytes
    """Bytes that are no document of this kind."""

    def read(self, reader: DocumentReader, sections: list[tuple[str, list[str]]]) -> ReadDocument:
        return reader.read(self.title, self.written(sections))

    def test_it_says_what_it_reads(self, reader: DocumentReader) -> None:
        reader.require()
        assert reader.suffixes
        assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in reader.suffixes)

    def test_all_text_is_in_passages_under_its_headings(self, reader: DocumentReader) -> None:
        sections = [("Fruit", ["Boil the quinces.", "Café in Zürich."]), ("Sugar", ["Add 500 g of sugar."])]
        document = self.read(reader, sections)
        assert list(dict.fromkeys(passage.heading for passage in document.passages)) == self.headings(sections)
        text = " ".join(" ".join(passage.text.split()) for passage in document.passages)
        for _, paragraphs in sections:
            for paragraph in paragraphs:
                assert paragraph in text
        assert document.note == ""

    def test_no_passage_is_long(self, reader: DocumentReader) -> None:
        document = self.read(reader, [("Long", ["All work and no play. " * 200, "word" * 1000])])
        assert len(document.passages) > 5
        assert all(0 < len(passage.text) <= 900 for passage in document.passages)

    def test_a_document_always_has_a_title(self, reader: DocumentReader) -> None:
        document = self.read(reader, [("", ["12 34 56"])])
        assert document.title == "quince jelly 2026"

    def test_bytes_that_are_no_such_document_are_refused(self, reader: DocumentReader) -> None:
        with pytest.raises(UnreadableDocument) as raised:
            reader.read("x", self.broken)
        message = str(raised.value)
        assert message[0].islower()
        assert not message.endswith(".")

    @pytest.mark.parametrize("data", [b"", b"\x00", b"\xff\xfe", b"%PDF-1.7", b"<html", b"\xff" * 500, b"(" * 5000])
    def test_no_bytes_break_it(self, reader: DocumentReader, data: bytes) -> None:
        try:
            document = reader.read("x", data)
        except UnreadableDocument:
            return
        assert document.title
