"""The vectors in the index file, of chunks and of their sentences, and what lacks them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from docs_index.rows import CHUNK_COLUMNS, distinct_chunks, first_positions, on_disk
from docs_index.sentence_scores import Sentences
from docs_index.sqlite import journal
from docs_index.sqlite.changes import Changes, newest
from docs_index.sqlite.database import Database
from docs_index.sqlite.postings import ids_of
from docs_index.stores import HalfVectors, Vectors
from docs_index.types import Chunk, Coverage, DocumentKey

DENSE = 2  # times as many ids as wanted: all between the first and the last are read, in half the time


class Embeddings:
    """A part of the store, which says where the file is and whose vectors are meant."""

    _database: Database
    _model: str

    def missing(self, chunks: Sequence[Chunk]) -> list[int]:
        wanted = first_positions(chunks)
        sql = """SELECT 1 FROM embeddings e JOIN sentence_vectors s ON s.digest = e.digest AND s.model = e.model
                 WHERE e.model = ? AND e.digest = ?"""
        with self._database.reading() as connection:
            known = {d for d in wanted if connection.execute(sql, [self._model, d]).fetchone()}
        return sorted(i for d, i in wanted.items() if d not in known)

    def unembedded(self, key: DocumentKey, limit: int) -> list[Chunk]:
        sql = f"""SELECT {CHUNK_COLUMNS} FROM documents d
                  JOIN chunks c ON c.document = d.id LEFT JOIN embeddings e ON e.model = ?1 AND e.digest = c.digest
                  LEFT JOIN sentence_vectors s ON s.model = ?1 AND s.digest = c.digest
                  WHERE d.collection = ?2 AND d.document = ?3 AND (e.digest IS NULL OR s.digest IS NULL)
                  ORDER BY c.ordinal LIMIT ?4"""
        with self._database.reading() as connection:
            place = newest(connection, key)
            return distinct_chunks(connection.execute(sql, [self._model, place.collection, place.document, limit]))

    def embedded(self, key: DocumentKey) -> int:
        # LEFT JOIN keeps the order: left to itself SQLite goes through all vectors of the model
        sql = """SELECT count(e.digest) FROM documents d JOIN chunks c ON c.document = d.id
                 LEFT JOIN embeddings e ON e.model = ? AND e.digest = c.digest
                 WHERE d.collection = ? AND d.document = ?"""
        with self._database.reading() as connection:
            place = newest(connection, key)
            return int(connection.execute(sql, [self._model, place.collection, place.document]).fetchone()[0])

    def remember(
        self, chunks: Sequence[Chunk], vectors: Vectors, sentences: Sequence[HalfVectors] | None = None
    ) -> None:
        with self._database.writing() as connection:
            Changes(connection, self._model).insert_vectors(chunks, vectors, sentences)

    def sweep(self) -> None:
        """Drops vectors that no chunk uses. Not while a document is being embedded: its vectors would go."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM embeddings WHERE digest NOT IN (SELECT digest FROM chunks)")
            connection.execute("DELETE FROM sentence_vectors WHERE digest NOT IN (SELECT digest FROM chunks)")

    def generation(self) -> int:
        """Grows with every change, by whichever process."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT generation FROM state").fetchone()[0])

    def touched_since(self, generation: int) -> list[journal.Run] | None:
        with self._database.reading() as connection:
            return journal.since(connection, generation)

    def chunk_ids(self, collection: str, among: Sequence[journal.Run] | None = None) -> NDArray[np.int64]:
        """Those of a collection; of these runs only, when some are given."""
        sql = "SELECT c.id FROM documents d JOIN chunks c ON c.document = d.id WHERE d.collection = ?"
        with self._database.reading() as connection:
            if among is None:
                return ids_of(connection, sql, [collection])
            sql = """SELECT c.id FROM
                     (SELECT json_extract(value, '$[0]') first, json_extract(value, '$[1]') last FROM json_each(?)) run
                     CROSS JOIN chunks c ON c.id BETWEEN run.first AND run.last
                     CROSS JOIN documents d ON d.id = c.document WHERE d.collection = ?"""
            return ids_of(connection, sql, [json.dumps(among), collection])

    def vectors(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], Vectors]:
        first, last = min(ids, default=0), max(ids, default=0)
        # CROSS JOIN keeps the order: left to itself SQLite goes through all vectors for each id (77 s for 2,000)
        vectors = "CROSS JOIN embeddings e ON e.model = ? AND e.digest = c.digest"
        if last - first < DENSE * len(ids):
            sql = f"SELECT c.id, e.vector FROM chunks c {vectors} WHERE c.id BETWEEN ? AND ?"
            values = [self._model, first, last]
        else:
            sql = f"SELECT c.id, e.vector FROM json_each(?) wanted CROSS JOIN chunks c ON c.id = wanted.value {vectors}"
            values = [json.dumps(list(ids)), self._model]
        with self._database.reading() as connection:
            rows = connection.execute(sql, values).fetchall()
        found = np.array([row[0] for row in rows], dtype=np.int64)
        stored = np.frombuffer(b"".join(row[1] for row in rows), dtype=np.float32).reshape(len(rows), -1 if rows else 0)
        wanted = np.isin(found, ids)
        return (found, stored) if wanted.all() else (found[wanted], stored[wanted])

    def sentences(self, ids: Sequence[int]) -> Sentences:
        sql = """SELECT c.id, s.count, s.vectors FROM json_each(?) wanted CROSS JOIN chunks c ON c.id = wanted.value
                 CROSS JOIN sentence_vectors s ON s.digest = c.digest AND s.model = ? WHERE s.count"""
        with self._database.reading() as connection:
            return Sentences.of_rows(connection.execute(sql, [json.dumps(list(ids)), self._model]).fetchall())

    def leads(self, ids: Sequence[int]) -> dict[int, int]:
        sql = "SELECT c.id, coalesce(c.lead, c.id) FROM json_each(?) wanted CROSS JOIN chunks c ON c.id = wanted.value"
        with self._database.reading() as connection:
            return dict(connection.execute(sql, [json.dumps(list(ids))]).fetchall())

    def coverage(self, collection: str) -> Coverage:
        sql = """SELECT count(*), coalesce(sum(size_bytes), 0) FROM documents WHERE collection = ?"""
        chunks_sql = """SELECT count(*), count(e.digest), coalesce(sum(length(e.vector)), 0),
                        coalesce(sum(length(s.vectors)), 0) FROM documents d
                        JOIN chunks c ON c.document = d.id
                        LEFT JOIN embeddings e ON e.model = ?1 AND e.digest = c.digest
                        LEFT JOIN sentence_vectors s ON s.model = ?1 AND s.digest = c.digest WHERE d.collection = ?2"""
        with self._database.reading() as connection:
            documents, text = connection.execute(sql, [collection]).fetchone()
            chunks, vectors, *sizes = connection.execute(chunks_sql, [self._model, collection]).fetchone()
        return Coverage(documents, chunks, vectors, on_disk(text, *sizes))
