"""What the graph finds, held against a look at every vector."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from psycopg import sql

from docs_index.index import Index
from docs_index.postgres import nearest
from docs_index.postgres.nearest import is_exact_quicker
from docs_index.types import DocumentKey
from tests import postgres
from tests.docs_index.conftest import paragraphs

CHUNKS, DIMENSIONS, QUESTIONS = 1800, 96, 12


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """In bunches, as texts about the same things are."""
    chance = np.random.default_rng(3)
    bunches = chance.normal(size=(60, DIMENSIONS))
    near = bunches[chance.integers(60, size=CHUNKS + QUESTIONS)]
    return (near + 0.7 * chance.normal(size=near.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def index(postgres_url: str, worker_id: str, vectors: np.ndarray) -> Iterator[Index]:
    """Two thirds of the vectors in one collection, a third in another."""
    index = Index(postgres.make_database(postgres_url, f"nearest_{worker_id}"), embedding_model="random")
    for n, collection in enumerate(["zoo", "zoo", "farm"]):
        of_document = vectors[n:CHUNKS:3]
        extraction, chunks = paragraphs(*(f"{collection} {n} {m}" for m in range(len(of_document))))
        index.add(DocumentKey(collection, str(n)), "a.txt", extraction, chunks, of_document)
    yield index
    index.close()


def found(index: Index, vector: np.ndarray, collection: str, *, exact: bool) -> list[int]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "is_exact_quicker", lambda *_: exact)
        return [chunk for chunk, _ in index._vectors.search(vector, collection, 200)]


def test_the_graph_finds_what_a_look_at_every_vector_finds(index: Index, vectors: np.ndarray) -> None:
    recalls, deep = [], []
    for vector in vectors[CHUNKS:]:
        for collection in ("zoo", "farm"):
            exact = found(index, vector, collection, exact=True)
            walked = found(index, vector, collection, exact=False)
            assert len(exact) == len(walked) == 200
            recalls.append(len(set(exact[:10]) & set(walked[:10])) / 10)
            deep.append(len(set(exact) & set(walked)) / 200)
    assert np.mean(recalls) >= 0.97
    assert np.mean(deep) >= 0.9


@pytest.mark.parametrize("among", [None, [3]])
def test_it_is_the_graph_that_is_walked(index: Index, vectors: np.ndarray, among: list[int] | None) -> None:
    with index._store._connections.reading() as connection, connection.transaction():
        graphs = connection.execute("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%USING hnsw%'").fetchall()
        connection.execute(nearest.WALKING)
        scope = {"collection": "farm", "among": among}
        query = sql.SQL("EXPLAIN ") + nearest.walk("random", DIMENSIONS, scope)
        values = {"vector": vectors[CHUNKS], "limit": 200} | scope
        plan = "\n".join(row[0] for row in connection.execute(query, values))
    assert len(graphs) == 1
    assert f"Index Scan using {graphs[0][0]}" in plan
    assert "Order By" in plan
    assert "Sort" not in plan  # which would look at every vector first


def test_an_exact_look_is_exact(index: Index, vectors: np.ndarray) -> None:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    best = np.sort(unit[2:CHUNKS:3] @ unit[CHUNKS])[::-1][:5]
    hits = index._vectors.search(vectors[CHUNKS], "farm", 5)
    assert [cosine for _, cosine in hits] == pytest.approx(best, abs=1e-5)


def test_small_collections_are_looked_at_whole() -> None:
    assert is_exact_quicker(2_000, 1_000_000, 200)
    assert not is_exact_quicker(100_000, 200_000, 200)
