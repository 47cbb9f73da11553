"""The tables of the index file."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from docs_index.errors import IndexDamaged
from docs_index.rows import leads_of_all
from docs_index.sqlite import journal
from docs_index.terms import TOKENIZER

VERSION = 8

# chunks_fts keeps no copy of the text: its rows are deleted by giving `terms.searchable(chunks.text)` once more, so a
# change of that function needs a new VERSION. chunks.id is never used twice (AUTOINCREMENT): it is what vectors and
# other processes remember.
TABLES = f"""
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    document TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    warnings TEXT NOT NULL,
    structure TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    source TEXT NOT NULL DEFAULT '',
    UNIQUE (collection, document)
);
CREATE INDEX documents_source ON documents (source);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id),
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    page INTEGER,
    headings TEXT NOT NULL,
    place TEXT NOT NULL,
    digest BLOB NOT NULL,
    text TEXT NOT NULL,
    lead INTEGER
);
CREATE INDEX chunks_document ON chunks (document);
CREATE INDEX chunks_digest ON chunks (digest);
CREATE VIRTUAL TABLE chunks_fts USING fts5 (body, content = '', tokenize = '{TOKENIZER}');
CREATE TABLE embeddings (
    model TEXT NOT NULL,
    digest BLOB NOT NULL,
    vector BLOB NOT NULL,
    UNIQUE (model, digest)
);
CREATE INDEX embeddings_digest ON embeddings (digest);
CREATE TABLE sentence_vectors (
    model TEXT NOT NULL,
    digest BLOB NOT NULL,
    count INTEGER NOT NULL,
    vectors BLOB NOT NULL,
    UNIQUE (digest, model)
);
CREATE TABLE findings (
    collection TEXT NOT NULL,
    model TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (collection, model)
);
CREATE TABLE state (generation INTEGER NOT NULL, answering TEXT NOT NULL DEFAULT '');
INSERT INTO state (generation) VALUES (0);
{journal.TABLE};
{journal.INDEX};
"""


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Makes the tables in a new file; refuses one that a newer Inglenook wrote."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise IndexDamaged(f"The document index {path} was written by a newer Inglenook. Update this one to use it.")
    if version == VERSION:
        return
    connection.execute("PRAGMA page_size = 8192")  # five vectors of 384 numbers fill one; of 4,096 two waste a quarter
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]  # another process may have been quicker
    if version == 0:
        for statement in TABLES.split(";\n"):
            connection.execute(statement)
    else:
        for step in STEPS[version - 1 :]:
            step(connection)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _add_structure(connection: sqlite3.Connection) -> None:
    """From version 1, whose only structure was pages."""
    connection.execute("ALTER TABLE documents ADD COLUMN structure TEXT NOT NULL DEFAULT ''")
    for document, pages, is_markdown in connection.execute("SELECT id, pages, is_markdown FROM documents").fetchall():
        marks = json.loads(pages)
        places = [[mark["start"], "page", mark["number"], f"Page {mark['number']}", False] for mark in marks]
        structure = {"places": places, "headings": [], "numbering": [], "counts": "", "is_markdown": bool(is_markdown)}
        connection.execute("UPDATE documents SET structure = ? WHERE id = ?", [json.dumps(structure), document])
    connection.execute("ALTER TABLE documents DROP COLUMN pages")
    connection.execute("ALTER TABLE documents DROP COLUMN is_markdown")
    connection.execute("ALTER TABLE chunks ADD COLUMN headings TEXT NOT NULL DEFAULT '[]'")
    connection.execute("ALTER TABLE chunks ADD COLUMN place TEXT NOT NULL DEFAULT ''")
    connection.execute("UPDATE chunks SET place = 'Page ' || page WHERE page IS NOT NULL")


def _add_source(connection: sqlite3.Connection) -> None:
    """From version 2, which did not know what a text was read from."""
    connection.execute("ALTER TABLE documents ADD COLUMN source TEXT NOT NULL DEFAULT ''")
    connection.execute("CREATE INDEX documents_source ON documents (source)")


def _add_sentences(connection: sqlite3.Connection) -> None:
    """From version 3, which knew no vectors of sentences and not where a chunk's section begins."""
    connection.execute("""CREATE TABLE sentence_vectors (model TEXT NOT NULL, digest BLOB NOT NULL,
                          count INTEGER NOT NULL, vectors BLOB NOT NULL, UNIQUE (digest, model))""")
    connection.execute("ALTER TABLE chunks ADD COLUMN lead INTEGER")
    _lead_anew(connection)


def _add_findings(connection: sqlite3.Connection) -> None:
    """From version 4, which had found out nothing about its collections."""
    connection.execute(
        """CREATE TABLE findings (collection TEXT NOT NULL, model TEXT NOT NULL, content TEXT NOT NULL,
           UNIQUE (collection, model))"""
    )


def _add_journal(connection: sqlite3.Connection) -> None:
    """From version 5, whose readers compared all chunks after each change."""
    connection.execute(journal.TABLE)
    connection.execute(journal.INDEX)


def _add_answering(connection: sqlite3.Connection) -> None:
    """From version 6, in which the only embedding model was the one that everybody named."""
    connection.execute("ALTER TABLE state ADD COLUMN answering TEXT NOT NULL DEFAULT ''")


def _lead_anew(connection: sqlite3.Connection) -> None:
    """From version 7, in which every ninth chunk of a long section led the next eight."""
    rows = connection.execute("SELECT document, id, headings FROM chunks ORDER BY document, ordinal")
    connection.executemany("UPDATE chunks SET lead = ?1 WHERE id = ?2 AND lead IS NOT ?1", leads_of_all(rows))


# Each leads from its version to the next; the first from 1.
STEPS = [_add_structure, _add_source, _add_sentences, _add_findings, _add_journal, _add_answering, _lead_anew]
