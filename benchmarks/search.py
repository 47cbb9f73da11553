"""How long a search takes in a large index, without the embedding of the question.

    python -m benchmarks.search --chunks 100000 --json

Asks an index of made-up passages (`benchmarks.synthetic`). Questions are seven words of some passage and a vector near
its own. The index is kept in `--folder`, when one is named, for the next run. With `--database postgresql://…` it is
made in that database, which must hold no other, and stays there; its graph of vectors makes that the longer the larger
it grows.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthetic import CHUNKS_PER_DOCUMENT, COLLECTION, DIMENSIONS, MODEL, make, vectors
from docs_index.index import Index, open_store
from docs_index.types import Filter

QUESTIONS = 60
QUESTION_WORDS = 7
NEAREST = 10
HALF = Filter(name="*[02468]?.txt")  # of the documents

Question = tuple[str, NDArray[np.float32]]


def questions(location: Path | str, chunks: int) -> list[Question]:
    random, store = np.random.default_rng(4), open_store(location, MODEL)
    asked = []
    for id in random.integers(1, chunks + 1, size=QUESTIONS).tolist():
        said = random.choice(store.texts([id])[id].split(), QUESTION_WORDS, replace=False)
        own = vectors((id - 1) // CHUNKS_PER_DOCUMENT)[(id - 1) % CHUNKS_PER_DOCUMENT]
        near = own + random.normal(size=DIMENSIONS).astype(np.float32) / DIMENSIONS**0.5
        asked.append((" ".join(said), near / np.linalg.norm(near)))
    store.close()
    return asked


def milliseconds(asked: list[Question], search: Callable[[str, NDArray[np.float32]], object]) -> dict[str, float]:
    took = []
    for question in asked:
        begin = time.perf_counter()
        search(*question)
        took.append(1000 * (time.perf_counter() - begin))
    return {"median_ms": round(statistics.median(took), 1), "p90_ms": round(sorted(took)[int(0.9 * len(took))], 1)}


def legs(index: Index, asked: list[Question]) -> dict[str, dict[str, float]]:
    within = [COLLECTION]
    return {
        "both": milliseconds(asked, lambda text, vector: index.search(text, vector, collections=within)),
        "words": milliseconds(asked, lambda text, vector: index.search(text, None, collections=within)),
        "meaning": milliseconds(asked, lambda text, vector: index.search("", vector, collections=within)),
        "half": milliseconds(asked, lambda text, vector: index.search(text, vector, collections=within, where=HALF)),
    }


def exact(asked: list[Question], chunks: int) -> NDArray[np.int64]:
    """The ids of the vectors nearest to each question, by comparing all of them."""
    wanted = np.stack([vector for _, vector in asked])
    scores, ids = np.empty((len(asked), 0), dtype=np.float32), np.empty((len(asked), 0), dtype=np.int64)
    for document in range(-(-chunks // CHUNKS_PER_DOCUMENT)):
        own = np.arange(CHUNKS_PER_DOCUMENT) + document * CHUNKS_PER_DOCUMENT + 1  # ids count from 1
        scores = np.hstack([scores, wanted @ vectors(document).T])
        ids = np.hstack([ids, np.broadcast_to(own, (len(asked), len(own)))])
        best = np.argpartition(-scores, NEAREST, axis=1)[:, :NEAREST]
        scores, ids = np.take_along_axis(scores, best, 1), np.take_along_axis(ids, best, 1)
    return ids


def recall(location: Path | str, chunks: int, asked: list[Question]) -> float:
    """The share of the ten nearest vectors, computed one by one, among the ten that the index names."""
    store = open_store(location, MODEL)
    search = store.vector_search()
    found = [{id for id, _ in search.search(vector, COLLECTION, NEAREST)} for _, vector in asked]
    store.close()
    hits = [len(near & set(best)) for near, best in zip(found, exact(asked, chunks).tolist(), strict=True)]
    return sum(hits) / NEAREST / len(asked)


def resident_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def sizes(location: Path | str) -> dict[str, int]:
    """In megabytes. To be quick, a database server needs room in memory for the graph, and for the rows it leads to."""
    if isinstance(location, Path):
        return {"file_mb": location.stat().st_size >> 20}
    import psycopg

    graphs = "SELECT sum(pg_relation_size(indexname::regclass)) FROM pg_indexes WHERE indexdef LIKE '%USING hnsw%'"
    queries = {
        "graph_mb": graphs,
        "vectors_mb": "SELECT pg_table_size('embeddings')",
        "words_mb": "SELECT pg_total_relation_size('words')",
        "postings_mb": "SELECT pg_total_relation_size('postings')",
        "shared_buffers_mb": "SELECT pg_size_bytes(current_setting('shared_buffers'))",
        "database_mb": "SELECT pg_database_size(current_database())",
    }
    with psycopg.connect(location, options="-csearch_path=docs_index,public") as connection:
        return {name: int(connection.execute(query).fetchone()[0]) >> 20 for name, query in queries.items()}


def measure(location: Path | str, chunks: int) -> dict[str, object]:
    asked = questions(location, chunks)
    before = resident_mb()
    index = Index(location, embedding_model=MODEL)
    begin = time.perf_counter()
    index.search(*asked[0], collections=[COLLECTION])
    opening_s = round(time.perf_counter() - begin, 1)
    memory_mb = resident_mb() - before
    took = legs(index, asked)
    index.close()
    return {
        "chunks": chunks,
        **took,
        "recall@10": round(recall(location, chunks, asked), 4),
        "opening_s": opening_s,
        "memory_mb": memory_mb,
        **sizes(location),
    }


def made_in_file(path: Path, chunks: int) -> Path:
    if not path.exists():
        making = path.with_suffix(".making")
        make_saying_so(making, chunks)
        making.rename(path)
    return path


def made_in_database(url: str, chunks: int) -> str:
    store = open_store(url, MODEL)
    there = {name: store.chunk_count(name) for name in store.collections()}
    store.close()
    if not there:
        make_saying_so(url, chunks)
    elif there != {COLLECTION: chunks}:
        raise SystemExit("That database holds another index. Name an empty one.")
    return url


def make_saying_so(location: Path | str, chunks: int) -> None:
    print(f"Making an index of {chunks:,} passages …", file=sys.stderr)
    make(location, chunks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="keeps the index for the next run")
    parser.add_argument("--database", help="a PostgreSQL database with pgvector, instead of a file")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="inglenook-search-") as throwaway:
        location: Path | str
        if arguments.database:
            location = made_in_database(arguments.database, arguments.chunks)
        else:
            path = (arguments.folder or Path(throwaway)) / f"{arguments.chunks}.sqlite3"
            location = made_in_file(path, arguments.chunks)
        figures = measure(location, arguments.chunks)
    print(json.dumps(figures) if arguments.json else "\n".join(f"{name:>12}  {figures[name]}" for name in figures))


if __name__ == "__main__":
    main()
