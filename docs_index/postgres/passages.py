"""The chunks in PostgreSQL, as a search asks for them, and what was found out about a collection."""

from __future__ import annotations

from collections.abc import Sequence

from docs_index.filtering import matcher
from docs_index.postgres import lexical
from docs_index.postgres.connections import Connections
from docs_index.rows import STORED_COLUMNS, stored_chunk
from docs_index.stores import StoredChunk
from docs_index.terms import Term
from docs_index.types import DocumentKey, Filter
from docs_index.word_cutter import WordCutter


class Passages:
    """A part of the store, which says where the tables are and whose findings are meant."""

    _connections: Connections
    _cutter: WordCutter
    _model: str

    def selected(self, collections: Sequence[str], where: Filter) -> list[int]:
        """The documents that a filter lets through, by a number that both searches know."""
        query = "SELECT id, document, name FROM documents WHERE collection = ANY(%s)"
        is_wanted = matcher(where)
        with self._connections.reading() as connection:
            rows = connection.execute(query, [list(collections)])
            return [row[0] for row in rows if is_wanted(row[1], row[2])]

    def lexical(
        self, terms: Sequence[Term], collections: Sequence[str], limit: int, among: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """Chunk ids and BM25 scores (greater is better), best first; of these documents only, when some are given."""
        with self._connections.reading() as connection:
            within = lexical.Within(connection, collections, among)
            return lexical.search(connection, self._cutter, terms, within, limit)

    def digests(self, ids: Sequence[int], collections: Sequence[str]) -> dict[int, bytes]:
        """Of the chunks that are still there and in one of these collections."""
        query = """SELECT c.id, c.digest FROM chunks c JOIN documents d ON d.id = c.document
                   WHERE c.id = ANY(%s) AND d.collection = ANY(%s)"""
        with self._connections.reading() as connection:
            return dict(connection.execute(query, [list(ids), list(collections)]).fetchall())

    def document_chunks(self, key: DocumentKey, first: int, count: int) -> list[StoredChunk]:
        """In the order of the text."""
        query = f"""SELECT {STORED_COLUMNS}
                 FROM chunks c JOIN documents d ON d.id = c.document WHERE d.collection = %s AND d.document = %s
                 ORDER BY c.ordinal LIMIT %s OFFSET %s"""
        with self._connections.reading() as connection:
            rows = connection.execute(query, [key.collection, key.document, count, first]).fetchall()
        return [stored_chunk(row) for row in rows]

    def chunk_count(self, collection: str) -> int:
        query = "SELECT count(*) FROM documents d JOIN chunks c ON c.document = d.id WHERE d.collection = %s"
        with self._connections.reading() as connection:
            row = connection.execute(query, [collection]).fetchone()
        return int(row[0]) if row else 0

    def sampled(self, collection: str, count: int) -> list[tuple[int, str]]:
        """In the order of digests, which are as good as dice."""
        query = """SELECT min(c.id), min(c.text) FROM documents d JOIN chunks c ON c.document = d.id
                   WHERE d.collection = %s GROUP BY c.digest ORDER BY c.digest LIMIT %s"""
        with self._connections.reading() as connection:
            return [(row[0], row[1]) for row in connection.execute(query, [collection, count])]

    def findings(self, collection: str) -> str:
        query = "SELECT content FROM findings WHERE collection = %s AND model = %s"
        with self._connections.reading() as connection:
            row = connection.execute(query, [collection, self._model]).fetchone()
        return str(row[0]) if row else ""

    def keep_findings(self, collection: str, content: str) -> None:
        query = """INSERT INTO findings (collection, model, content) VALUES (%s, %s, %s)
                   ON CONFLICT (collection, model) DO UPDATE SET content = excluded.content"""
        with self._connections.writing() as connection:
            connection.execute(query, [collection, self._model, content])

    def texts(self, ids: Sequence[int]) -> dict[int, str]:
        query = "SELECT id, text FROM chunks WHERE id = ANY(%s) ORDER BY id"
        with self._connections.reading() as connection:
            return dict(connection.execute(query, [list(ids)]).fetchall())

    def chunks(self, ids: Sequence[int]) -> dict[int, StoredChunk]:
        """By id; those that are gone meanwhile are left out."""
        query = f"""SELECT {STORED_COLUMNS}
                   FROM chunks c JOIN documents d ON d.id = c.document WHERE c.id = ANY(%s)"""
        with self._connections.reading() as connection:
            rows = connection.execute(query, [list(ids)]).fetchall()
        return {row[0]: stored_chunk(row) for row in rows}
