"""An index that an older Inglenook wrote goes on answering, with all that it held."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from docs_index.index import Index
from docs_index.sqlite import schema
from docs_index.terms import digest, searchable
from docs_index.types import DocumentKey
from tests.docs_index.conftest import embed, pages_at, paragraphs, put

VERSION_1 = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, collection TEXT NOT NULL, document TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL,
    text TEXT NOT NULL, pages TEXT NOT NULL, warnings TEXT NOT NULL, is_markdown INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL, UNIQUE (collection, document)
);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, page INTEGER, digest BLOB NOT NULL,
    text TEXT NOT NULL
);
CREATE VIRTUAL TABLE chunks_fts USING fts5 (body, content = '', tokenize = 'porter unicode61 remove_diacritics 2');
CREATE TABLE embeddings (model TEXT NOT NULL, digest BLOB NOT NULL, vector BLOB NOT NULL, UNIQUE (model, digest));
CREATE TABLE state (generation INTEGER NOT NULL);
INSERT INTO state VALUES (0);
PRAGMA user_version = 1;
"""


@pytest.fixture
def old_index_path(index_path: Path) -> Path:
    """Of version 1, with two pages of a document in it."""
    pages = '[{"number": 1, "start": 0}, {"number": 2, "start": 13}]'
    connection = sqlite3.connect(index_path)
    connection.executescript(VERSION_1)
    connection.execute(
        "INSERT INTO documents VALUES (1, 'zoo', '7', 'a.pdf', 'Cats', ?, ?, '[\"A warning.\"]', 0, 26)",
        ["Lions roar.\n\nTigers swim.", pages],
    )
    for n, (start, end, text) in enumerate([(0, 11, "Lions roar."), (13, 25, "Tigers swim.")], 1):
        connection.execute(
            "INSERT INTO chunks VALUES (?, 1, ?, ?, ?, ?, ?, ?)", [n, n, start, end, n, digest(text), text]
        )
        connection.execute("INSERT INTO chunks_fts (rowid, body) VALUES (?, ?)", [n, searchable(text)])
        connection.execute("INSERT INTO embeddings VALUES ('words', ?, ?)", [digest(text), embed([text])[0].tobytes()])
    connection.commit()
    connection.close()
    return index_path


def test_an_index_of_version_1_keeps_its_documents(old_index_path: Path) -> None:
    index = Index(old_index_path, embedding_model="words")
    (passage,) = index.search("tigers", None, collections=["zoo"])
    assert (passage.text, passage.page, passage.place, passage.headings) == ("Tigers swim.", 2, "Page 2", ())
    extraction = index.text(DocumentKey("zoo", "7"))
    assert extraction is not None
    assert (extraction.places, extraction.warnings) == (pages_at(0, 13), ("A warning.",))
    assert index.coverage("zoo").vectors == 2
    index.remove(DocumentKey("zoo", "7"))
    assert index.collections() == []
    index.close()


def test_an_index_without_sentences_asks_for_its_texts_again(old_index_path: Path) -> None:
    index = Index(old_index_path, embedding_model="words")
    _, chunks = paragraphs("Lions roar.", "Tigers swim.")
    assert index.search("", embed(["tigers"])[0], collections=["zoo"])[0].text == "Tigers swim."
    assert index.missing_vectors(chunks) == [0, 1]
    index.remember_vectors(chunks, embed(["Lions roar.", "Tigers swim."]))
    assert index.missing_vectors(chunks) == []
    assert index._store.leads([1, 2]) == {1: 1, 2: 1}
    index.close()


def test_it_is_brought_up_once(old_index_path: Path) -> None:
    for _ in range(2):
        Index(old_index_path, embedding_model="words").close()
    connection = sqlite3.connect(old_index_path)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
    connection.close()


def test_in_an_index_of_version_7_the_beginning_of_a_section_leads_all_of_it(index_path: Path) -> None:
    index = Index(index_path, embedding_model="words")
    put(index, "zoo", "1", *(f"animal {n}" for n in range(1, 13)))
    known = index._store.leads(range(1, 13))
    index.close()
    connection = sqlite3.connect(index_path)
    connection.executescript("UPDATE chunks SET lead = 10 WHERE id >= 10; PRAGMA user_version = 7")
    connection.close()
    index = Index(index_path, embedding_model="words")
    assert index._store.leads(range(1, 13)) == known == dict.fromkeys(range(1, 13), 1)
    index.close()


def test_an_index_of_version_2_gets_the_sources_of_its_texts(index_path: Path) -> None:
    index = Index(index_path, embedding_model="words")
    key = put(index, "zoo", "1", "lions roar")
    index.close()
    connection = sqlite3.connect(index_path)
    connection.executescript(
        "DROP INDEX documents_source; ALTER TABLE documents DROP COLUMN source; PRAGMA user_version = 2;"
        "DROP TABLE sentence_vectors; ALTER TABLE chunks DROP COLUMN lead; DROP TABLE findings; DROP TABLE journal;"
        "ALTER TABLE state DROP COLUMN answering"
    )
    connection.close()
    index = Index(index_path, embedding_model="words")
    assert (index.source(key), len(index.search("lions", None, collections=["zoo"]))) == ("", 1)
    index.close()
