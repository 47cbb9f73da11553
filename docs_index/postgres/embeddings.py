"""The vectors in PostgreSQL, of chunks and of their sentences, and what lacks them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from docs_index.postgres.changes import Changes, newest
from docs_index.postgres.connection import only
from docs_index.postgres.connections import Connections
from docs_index.postgres.storable import storable_chunks
from docs_index.rows import CHUNK_COLUMNS, distinct_chunks, first_positions, on_disk
from docs_index.sentence_scores import Sentences
from docs_index.stores import HalfVectors, Vectors
from docs_index.types import Chunk, Coverage, DocumentKey
from docs_index.word_cutter import WordCutter


class Embeddings:
    """A part of the store, which says where the tables are and whose vectors are meant."""

    _connections: Connections
    _cutter: WordCutter
    _model: str

    def missing(self, chunks: Sequence[Chunk]) -> list[int]:
        wanted = first_positions(storable_chunks(chunks))
        query = """SELECT digest FROM embeddings JOIN sentence_vectors USING (digest, model)
                   WHERE model = %s AND digest = ANY(%s)"""
        with self._connections.reading() as connection:
            known = {row[0] for row in connection.execute(query, [self._model, list(wanted)])}
        return sorted(i for d, i in wanted.items() if d not in known)

    def unembedded(self, key: DocumentKey, limit: int) -> list[Chunk]:
        query = f"""SELECT {CHUNK_COLUMNS} FROM documents d JOIN chunks c ON c.document = d.id
                    LEFT JOIN (embeddings JOIN sentence_vectors USING (digest, model)) e
                    ON e.model = %s AND e.digest = c.digest
                    WHERE d.collection = %s AND d.document = %s AND e.digest IS NULL ORDER BY c.ordinal LIMIT %s"""
        with self._connections.reading() as connection:
            place = newest(connection, key)
            return distinct_chunks(connection.execute(query, [self._model, place.collection, place.document, limit]))

    def embedded(self, key: DocumentKey) -> int:
        query = """SELECT count(*) FROM documents d JOIN chunks c ON c.document = d.id
                   JOIN embeddings e ON e.model = %s AND e.digest = c.digest
                   WHERE d.collection = %s AND d.document = %s"""
        with self._connections.reading() as connection:
            place = newest(connection, key)
            row = connection.execute(query, [self._model, place.collection, place.document]).fetchone()
        return int(only(row)[0])

    def remember(
        self, chunks: Sequence[Chunk], vectors: Vectors, sentences: Sequence[HalfVectors] | None = None
    ) -> None:
        with self._connections.writing() as connection:
            Changes(connection, self._cutter, self._model).insert_vectors(chunks, vectors, sentences)

    def vectors(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], Vectors]:
        query = """SELECT c.id, e.vector FROM chunks c JOIN embeddings e ON e.digest = c.digest AND e.model = %s
                   WHERE c.id = ANY(%s)"""
        with self._connections.reading() as connection:
            rows = connection.execute(query, [self._model, list(ids)], binary=True).fetchall()
        found = np.array([row[0] for row in rows], dtype=np.int64)
        return found, np.array([row[1].to_numpy() for row in rows], dtype=np.float32).reshape(
            len(rows), -1 if rows else 0
        )

    def sentences(self, ids: Sequence[int]) -> Sentences:
        query = """SELECT c.id, s.count, s.vectors FROM chunks c
                   JOIN sentence_vectors s ON s.digest = c.digest AND s.model = %s
                   WHERE c.id = ANY(%s) AND s.count > 0"""
        with self._connections.reading() as connection:
            return Sentences.of_rows(connection.execute(query, [self._model, list(ids)], binary=True).fetchall())

    def leads(self, ids: Sequence[int]) -> dict[int, int]:
        with self._connections.reading() as connection:
            return dict(connection.execute("SELECT id, lead FROM chunks WHERE id = ANY(%s)", [list(ids)]).fetchall())

    def coverage(self, collection: str) -> Coverage:
        query = "SELECT count(*), coalesce(sum(size_bytes), 0) FROM documents WHERE collection = %s"
        chunks_query = """SELECT count(*), count(e.digest), coalesce(sum(pg_column_size(e.vector)), 0),
                          coalesce(sum(pg_column_size(s.vectors)), 0) FROM documents d
                          JOIN chunks c ON c.document = d.id
                          LEFT JOIN embeddings e ON e.model = %(model)s AND e.digest = c.digest
                          LEFT JOIN sentence_vectors s ON s.model = %(model)s AND s.digest = c.digest
                          WHERE d.collection = %(collection)s"""
        with self._connections.reading() as connection:
            documents, text = only(connection.execute(query, [collection]).fetchone())
            asked = {"model": self._model, "collection": collection}
            chunks, vectors, *sizes = only(connection.execute(chunks_query, asked).fetchone())
        return Coverage(documents, chunks, vectors, on_disk(int(text), *map(int, sizes)))

    def sweep(self) -> None:
        """Drops vectors that no chunk uses. Not while a document is being embedded: its vectors would go."""
        with self._connections.writing() as connection:
            for table in ("embeddings", "sentence_vectors"):
                query = f"DELETE FROM {table} e WHERE NOT EXISTS (SELECT 1 FROM chunks c WHERE c.digest = e.digest)"
                connection.execute(query)
