"""What every store writes of a document, and what it makes of the rows it reads. Pure: it knows no SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from docs_index.extraction_json import structure_json, with_structure
from docs_index.sentence_scores import half_bytes
from docs_index.stores import HalfVectors, StoredChunk, Vectors
from docs_index.terms import digest
from docs_index.types import Chunk, DocumentKey, Extraction

EXTRACTION_COLUMNS = "text, title, warnings, structure"  # as `extraction_of` takes them
CHUNK_COLUMNS = 'c.text, c.start, c."end", c.page, c.headings, c.place'  # as `distinct_chunks` takes them
# What lies around the bytes of a text (twice itself, its words, where they stand) and of vectors (rows, half-filled
# pages): as a file of 300 passages of SQuAD had it, which this tells to 5 %.
ROOM_FOR_TEXT, ROOM_FOR_VECTORS, ROOM_FOR_SENTENCES = 3.3, 1.2, 1.4
STORED_COLUMNS = 'c.id, d.collection, d.document, d.name, c.start, c."end", c.page, c.headings, c.place, c.text'


def on_disk(text_bytes: int, vector_bytes: int, sentence_bytes: int) -> int:
    """About how many bytes the index takes for so much."""
    return round(ROOM_FOR_TEXT * text_bytes + ROOM_FOR_VECTORS * vector_bytes + ROOM_FOR_SENTENCES * sentence_bytes)


def document_fields(key: DocumentKey, name: str, extraction: Extraction, source: str) -> dict[str, str | int]:
    """By column."""
    return {
        "collection": key.collection,
        "document": key.document,
        "name": name,
        "title": extraction.title,
        "text": extraction.text,
        "warnings": json.dumps(extraction.warnings),
        "structure": structure_json(extraction),
        "size_bytes": len(extraction.text.encode()),
        "source": source,
    }


def chunk_fields(ordinal: int, chunk: Chunk) -> dict[str, str | int | bytes | None]:
    """By column, `end` in quotes, which is a word of SQL."""
    return {
        "ordinal": ordinal,
        "start": chunk.start,
        '"end"': chunk.end,
        "page": chunk.page,
        "headings": json.dumps(chunk.headings, ensure_ascii=False),
        "place": chunk.place,
        "digest": digest(chunk.text),
        "text": chunk.text,
    }


def leads(chunks: Sequence[tuple[int, str]]) -> list[tuple[int, int]]:
    """Of a document's chunks, each an id and its headings, in order: (the first of its section, the chunk).

    However far away it is. Any other chunk before them in a long section would be as good as none: that cost .005 of
    nDCG@10 for passages of whole articles.
    """
    found: list[tuple[int, int]] = []
    first = 0
    for position, (id, headings) in enumerate(chunks):
        if headings != chunks[first][1]:
            first = position
        found.append((chunks[first][0], id))
    return found


def leads_of_all(rows: Iterable[tuple[int, int, str]]) -> list[tuple[int, int]]:
    """The same for chunks of several documents: each with its document, in order, before its id and headings."""
    groups = groupby(rows, key=itemgetter(0))
    return [pair for _, chunks in groups for pair in leads([(id, headings) for _, id, headings in chunks])]


def checked(chunks: Sequence[Chunk], vectors: Vectors) -> Vectors:
    """The vectors of these chunks in one piece. ValueError when they are not as many, or hold what is no number."""
    if len(chunks) != len(vectors):
        raise ValueError(f"{len(chunks)} chunks came with {len(vectors)} vectors.")
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if not np.isfinite(rows).all():
        raise ValueError("A vector holds a number that is not finite.")
    return rows


def sentence_fields(chunks: Sequence[Chunk], sentences: Sequence[HalfVectors] | None) -> list[tuple[bytes, int, bytes]]:
    """For each chunk its digest, how many sentences it has, and their vectors. Without any it has none."""
    none = np.zeros((0, 0), dtype=np.float16)
    given = [none] * len(chunks) if sentences is None else sentences
    return [(digest(chunk.text), len(of), half_bytes(of)) for chunk, of in zip(chunks, given, strict=True)]


def first_positions(chunks: Sequence[Chunk]) -> dict[bytes, int]:
    """Where each text stands first, by its digest."""
    return {digest(chunk.text): position for position, chunk in reversed(list(enumerate(chunks)))}


def cuts(start: int, end: int, chars: int) -> list[int]:
    """Of a text the passage between two offsets, and so many characters before and after it.

    Three times the first character, counted from 1, and how many: in the order before, passage, after.
    """
    first = max(start - chars, 0)
    return [first + 1, start - first, start + 1, end - start, end + 1, chars]


def extraction_of(row: Sequence[Any] | None) -> Extraction | None:
    return with_structure(row[0], row[1], tuple(json.loads(row[2])), row[3]) if row else None


def distinct_chunks(rows: Iterable[Sequence[Any]]) -> list[Chunk]:
    """A text that repeats once, where it stands first."""
    first: dict[bytes, Chunk] = {}
    for text, start, end, page, headings, place in rows:
        first.setdefault(digest(text), Chunk(text, start, end, page, tuple(json.loads(headings)), place))
    return list(first.values())


def stored_chunk(row: Sequence[Any]) -> StoredChunk:
    id, collection, document, name, start, end, page, headings, place, text = row
    key = DocumentKey(collection, document)
    return StoredChunk(id, key, name, start, end, page, tuple(json.loads(headings)), place, text)
