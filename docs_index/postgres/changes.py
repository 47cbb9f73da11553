"""What a transaction does to the tables in PostgreSQL when documents come and go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
from psycopg import sql

from docs_index import staging
from docs_index.postgres import postings, segments
from docs_index.postgres.connection import Connection, only
from docs_index.postgres.storable import storable, storable_chunks
from docs_index.postgres.words import tsvector
from docs_index.rows import checked, chunk_fields, document_fields, leads, sentence_fields
from docs_index.stores import HalfVectors, Vectors
from docs_index.terms import digest, searchable
from docs_index.types import Chunk, DocumentKey, Extraction
from docs_index.word_cutter import WordCutter

LONGEST_INDEXED_VECTOR = 4000  # numbers: HNSW takes no more of half precision


class Changes:
    """On a connection that is in a transaction; `model` says whose vectors come."""

    def __init__(self, connection: Connection, cutter: WordCutter, model: str) -> None:
        self._connection = connection
        self._cutter = cutter
        self._model = model

    def source_of(self, key: DocumentKey) -> str | None:
        return source_of(self._connection, key)

    def insert(self, key: DocumentKey, name: str, extraction: Extraction, chunks: Sequence[Chunk], source: str) -> None:
        fields = document_fields(key, name, extraction, source) | {"chunks": len(chunks)}
        values = [storable(value) if isinstance(value, str) else value for value in fields.values()]
        query = f"INSERT INTO documents ({', '.join(fields)}) VALUES ({', '.join(['%s'] * len(fields))}) RETURNING id"
        document = int(only(self._connection.execute(query, values).fetchone())[0])
        self._insert_chunks(document, storable_chunks(chunks))

    def insert_vectors(
        self, chunks: Sequence[Chunk], vectors: Vectors, sentences: Sequence[HalfVectors] | None = None
    ) -> None:
        """By the digest of their text. That there are none of sentences is remembered, too."""
        rows, chunks = normalized(checked(chunks, vectors)), storable_chunks(chunks)
        if not chunks:
            return
        _ensure_model(self._connection, self._model, rows.shape[1])
        with self._connection.cursor() as cursor:
            cursor.executemany(
                """INSERT INTO embeddings (model, digest, vector) VALUES (%s, %s, %s)
                   ON CONFLICT (digest, model) DO UPDATE SET vector = excluded.vector""",
                [(self._model, digest(chunk.text), row) for chunk, row in zip(chunks, rows, strict=True)],
            )
            cursor.executemany(
                f"""INSERT INTO sentence_vectors (model, digest, count, vectors) VALUES (%s, %s, %s, %s)
                    ON CONFLICT {_verb(sentences)}""",
                [(self._model, *fields) for fields in sentence_fields(chunks, sentences)],
            )

    def drop(self, keys: Iterable[DocumentKey]) -> set[bytes]:
        query = """SELECT id FROM documents
                   WHERE (collection, document) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"""
        names = [[key.collection, key.document] for key in keys]
        columns = [[name[0] for name in names], [name[1] for name in names]]
        documents = [row[0] for row in self._connection.execute(query, columns)]
        if not documents:
            return set()
        _forget_words(self._connection, documents)
        query = "DELETE FROM chunks WHERE document = ANY(%s) RETURNING digest"
        digests = {row[0] for row in self._connection.execute(query, [documents])}
        self._connection.execute("DELETE FROM documents WHERE id = ANY(%s)", [documents])
        return digests

    def move(self, key: DocumentKey, place: DocumentKey) -> None:
        query = "UPDATE documents SET collection = %s, document = %s WHERE collection = %s AND document = %s"
        self._connection.execute(query, [place.collection, place.document, key.collection, key.document])

    def some_keys(self, collections: Sequence[str], limit: int) -> list[DocumentKey]:
        query = "SELECT collection, document FROM documents WHERE collection = ANY(%s) LIMIT %s"
        return [DocumentKey(*row) for row in self._connection.execute(query, [list(collections), limit])]

    def prune(self, digests: Iterable[bytes]) -> None:
        dropped = list(digests)
        for table in ("embeddings", "sentence_vectors"):
            query = f"""DELETE FROM {table} e WHERE digest = ANY(%s)
                        AND NOT EXISTS (SELECT 1 FROM chunks c WHERE c.digest = e.digest)"""
            self._connection.execute(query, [dropped])

    def _insert_chunks(self, document: int, chunks: Sequence[Chunk]) -> None:
        query = "SELECT nextval(pg_get_serial_sequence('chunks', 'id')) FROM generate_series(1, %s)"
        ids = [row[0] for row in self._connection.execute(query, [len(chunks)])]
        rows = [chunk_fields(ordinal, chunk) for ordinal, chunk in enumerate(chunks)]
        firsts = leads([(id, str(row["headings"])) for id, row in zip(ids, rows, strict=True)])
        if not rows:
            return
        columns = ", ".join(["id", "document", "lead", *rows[0]])
        with self._connection.cursor().copy(f"COPY chunks ({columns}) FROM STDIN") as copy:
            for (lead, id), row in zip(firsts, rows, strict=True):
                copy.write_row([id, document, lead, *row.values()])
        terms = self._cutter.cut([searchable(chunk.text) for chunk in chunks])
        _insert_words(self._connection, document, ids, terms)


def source_of(connection: Connection, key: DocumentKey) -> str | None:
    """What its text was read from; None when there is no such document."""
    query = "SELECT source FROM documents WHERE collection = %s AND document = %s"
    row = connection.execute(query, [key.collection, key.document]).fetchone()
    return row[0] if row else None


def newest(connection: Connection, key: DocumentKey) -> DocumentKey:
    return staging.newest(partial(source_of, connection), key)


def normalized(vectors: Vectors) -> Vectors:
    """Inner products of these are cosines, whatever the embedder's habit."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.ascontiguousarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def _verb(sentences: object) -> str:
    if sentences is None:  # who brings none takes away none
        return "DO NOTHING"
    return "(digest, model) DO UPDATE SET count = excluded.count, vectors = excluded.vectors"


def _insert_words(connection: Connection, document: int, ids: Sequence[int], terms: Sequence[Sequence[str]]) -> None:
    with connection.cursor().copy("COPY words (chunk, document, length, terms) FROM STDIN") as copy:
        for id, of_chunk in zip(ids, terms, strict=True):
            copy.write_row([id, document, len(of_chunk), tsvector(of_chunk)])
    lists = postings.packed(ids, terms)
    connection.execute(
        """INSERT INTO vocabulary (term, chunks) SELECT * FROM unnest(%s::text[], %s::integer[])
           ON CONFLICT (term) DO UPDATE SET chunks = vocabulary.chunks + excluded.chunks""",
        [list(lists), [len(of_term) // postings.SIZE_BYTES for of_term in lists.values()]],
    )
    connection.execute("UPDATE state SET chunks = chunks + %s, terms = terms + %s", [len(ids), sum(map(len, terms))])
    segments.append(connection, ids, lists)


def _forget_words(connection: Connection, documents: Sequence[int]) -> None:
    chunks, unused = only(
        connection.execute(
            """WITH gone AS (DELETE FROM words WHERE document = ANY(%s) RETURNING chunk, length, terms),
               counts AS (SELECT term, count(*) AS chunks FROM gone, unnest(tsvector_to_array(gone.terms)) AS term
                          WHERE strpos(term, ' ') = 0 GROUP BY term),
               counted AS (UPDATE vocabulary v SET chunks = v.chunks - c.chunks FROM counts c WHERE v.term = c.term
                           RETURNING v.term, v.chunks),
               totals AS (UPDATE state SET chunks = chunks - (SELECT count(*) FROM gone),
                                           terms = terms - (SELECT coalesce(sum(length), 0) FROM gone))
               SELECT (SELECT array_agg(chunk) FROM gone), (SELECT array_agg(term) FROM counted WHERE chunks = 0)""",
            [documents],
        ).fetchone()
    )
    connection.execute("DELETE FROM vocabulary WHERE term = ANY(%s)", [unused or []])
    segments.forget(connection, chunks or [])


def _ensure_model(connection: Connection, model: str, dimensions: int) -> None:
    """The first vector of a model says how long they are, and brings the index that finds the nearest."""
    row = connection.execute("SELECT dimensions FROM models WHERE model = %s", [model]).fetchone()
    if row is not None:
        if row[0] != dimensions:
            raise ValueError(f"A vector has {dimensions} numbers, the others of the model {model} have {row[0]}.")
        return
    connection.execute("INSERT INTO models (model, dimensions) VALUES (%s, %s)", [model, dimensions])
    if dimensions <= LONGEST_INDEXED_VECTOR:
        query = (
            f"CREATE INDEX ON embeddings USING hnsw ((vector::halfvec({dimensions})) halfvec_ip_ops) WHERE model = {{}}"
        )
        connection.execute(sql.SQL(query).format(sql.Literal(model)))
