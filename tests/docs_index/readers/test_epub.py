from __future__ import annotations

from pathlib import Path

import pytest

from docs_index.errors import EmptyDocument, ProtectedDocument
from docs_index.readers import epub
from docs_index.types import Heading, PlaceKind
from tests.docs_index.office_files import write_epub

LOCK = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
    '<e:EncryptedData><e:CipherData><e:CipherReference URI="{}"/></e:CipherData></e:EncryptedData></encryption>'
)


def test_chapters_come_in_the_order_of_the_spine(tmp_path: Path) -> None:
    pages = ["<h1>Lions</h1><p>They roar.</p>", "<h1>Tigers</h1><h2>Food</h2><p>They eat.</p>", "<p>No name.</p>"]
    extraction = epub.read(write_epub(tmp_path / "a.epub", pages, title="Big cats"))
    assert extraction.text == "Lions\n\nThey roar.\n\nTigers\n\nFood\n\nThey eat.\n\nNo name."
    assert [(p.kind, p.number, p.label) for p in extraction.places] == [
        (PlaceKind.CHAPTER, 1, "Lions"),
        (PlaceKind.CHAPTER, 2, "Tigers"),
        (PlaceKind.CHAPTER, 3, "Untitled chapter"),
    ]
    food = extraction.text.index("Food")
    assert extraction.headings[2] == Heading(food, 2, "Food")
    assert (extraction.title, extraction.page_count) == ("Big cats", 0)


def test_a_cover_without_words_is_no_chapter(tmp_path: Path) -> None:
    extraction = epub.read(write_epub(tmp_path / "a.epub", ["<img src='cover.png'/>", "<p>Text.</p>"]))
    assert [place.start for place in extraction.places] == [0]


def test_a_locked_book_is_said_to_be_locked(tmp_path: Path) -> None:
    lock = {"META-INF/encryption.xml": LOCK.format("book/chapter%200.xhtml")}
    with pytest.raises(ProtectedDocument, match="locked by its seller"):
        epub.read(write_epub(tmp_path / "a.epub", ["<p>x</p>"], extra=lock))


def test_scrambled_fonts_lock_nothing(tmp_path: Path) -> None:
    fonts = {"META-INF/encryption.xml": LOCK.format("book/font.otf")}
    assert epub.read(write_epub(tmp_path / "a.epub", ["<p>Text.</p>"], extra=fonts)).text == "Text."


def test_a_book_of_pictures_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match="no text in this book"):
        epub.read(write_epub(tmp_path / "a.epub", ["<img/>"]))
