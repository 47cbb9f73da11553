from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from docs_index import nearest
from docs_index.index import Index
from docs_index.sqlite import journal
from docs_index.sqlite.store import SqliteStore
from docs_index.stores import Vectors
from docs_index.types import DocumentKey
from docs_index.vectors import VectorCache
from tests.docs_index.conftest import DIMENSIONS, embed, paragraphs, put


@pytest.fixture
def store(index_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(index_path, "words")
    yield store
    store.close()


def texts_found(
    store: SqliteStore, cache: VectorCache, query: str, collection: str = "zoo", limit: int = 10
) -> list[str]:
    found = [chunk for chunk, _ in cache.search(embed([query])[0], collection, limit)]
    chunks = store.chunks(found)
    return [chunks[chunk].text for chunk in found if chunk in chunks]


def test_it_ends_as_if_built_at_once(sqlite_index: Index, store: SqliteStore) -> None:
    cache, random = VectorCache(store), np.random.default_rng(4)
    for step in range(60):
        document = str(random.integers(8))
        if random.random() < 0.3:
            sqlite_index.remove(DocumentKey("zoo", document))
        else:
            put(sqlite_index, "zoo", document, *(f"word{n} step{step}" for n in random.integers(9, size=3)))
        if step % 3 == 0:
            cache.search(embed(["word1"])[0], "zoo", 5)
    query = embed(["word1 word2"])[0]
    assert sorted(cache.search(query, "zoo", 50)) == sorted(VectorCache(store).search(query, "zoo", 50))


def test_threads_search_while_another_writes(sqlite_index: Index, store: SqliteStore) -> None:
    cache, found, stop = VectorCache(store), [], threading.Event()

    def search() -> None:
        while not stop.is_set():
            found.append(len(cache.search(embed(["lions"])[0], "zoo", 100)))

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(30):
        put(sqlite_index, "zoo", str(n), f"lions {n}")
    stop.set()
    for thread in threads:
        thread.join()
    assert len(cache.search(embed(["lions"])[0], "zoo", 100)) == 30
    assert max(found) <= 30


class Counted:
    """A store that counts what is asked of it."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.listed = self.read = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def chunk_ids(self, *asked: Any) -> NDArray[np.int64]:
        ids = self._store.chunk_ids(*asked)
        self.listed += len(ids)
        return ids

    def vectors(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], Vectors]:
        self.read += len(ids)
        return self._store.vectors(ids)


def test_only_what_was_touched_is_compared_and_read(sqlite_index: Index, store: SqliteStore) -> None:
    for n in range(30):
        put(sqlite_index, "zoo", str(n), f"lions roar {n}", f"tigers swim {n}")
    counted = Counted(store)
    cache = VectorCache(counted)
    cache.search(embed(["lions"])[0], "zoo", 5)
    assert (counted.listed, counted.read) == (60, 60)
    put(sqlite_index, "zoo", "7", "bears sleep")
    put(sqlite_index, "farm", "1", "cows moo")
    sqlite_index.remove(DocumentKey("zoo", "8"))
    assert "bears sleep" in texts_found(store, cache, "bears sleep")
    assert (counted.listed, counted.read) == (61, 61)
    assert len(cache.search(embed(["lions"])[0], "zoo", 100)) == 57


def test_chunks_that_wait_for_their_vectors_do_not_change_how_the_others_are_searched(
    sqlite_index: Index, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "EXACT_UP_TO", 20)
    texts = [f"lions roar {n}" for n in range(60)]
    extraction, chunks = paragraphs(*texts)
    sqlite_index.add(DocumentKey("zoo", "1"), "a", extraction, chunks)
    cache = VectorCache(counted := Counted(store))
    for end, is_exact in ((10, True), (12, True), (40, False), (42, False)):
        sqlite_index.remember_vectors(chunks[:end], embed(texts[:end]))
        counted.read = 0
        assert len(cache.search(embed(["lions"])[0], "zoo", 100)) == end
        assert cache.is_exact("zoo") is is_exact
    assert counted.read == 2  # as many as came since the last search


def test_what_is_published_and_what_came_long_ago_is_seen(
    sqlite_index: Index, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = VectorCache(store)
    key = put(sqlite_index, "zoo", "1", "lions roar")
    assert texts_found(store, cache, "lions") == ["lions roar"]
    extraction, chunks = paragraphs("lions sleep")
    sqlite_index.stage(key, "1", extraction, chunks, source="2")
    sqlite_index.remember_vectors(chunks, embed(["lions sleep"]))
    assert texts_found(store, cache, "lions") == ["lions roar"]
    sqlite_index.publish(key)
    assert texts_found(store, cache, "lions") == ["lions sleep"]
    monkeypatch.setattr(journal, "KEPT", 2)
    for n in range(5):
        put(sqlite_index, "zoo", str(n), f"bears sleep {n}")
    assert len(texts_found(store, cache, "bears")) == 5


def test_filters_reach_the_vectors(sqlite_index: Index, store: SqliteStore) -> None:
    for n in range(20):
        put(sqlite_index, "zoo", str(n), f"lions {n}", f"tigers {n}")
    found = VectorCache(store).search(embed(["lions"])[0], "zoo", 50, among=[3, 20])
    assert {id for id, _ in found} == set(store.chunk_ids_of([3, 20]).tolist())
    assert len(found) == 4
    assert VectorCache(store).search(embed(["lions"])[0], "zoo", 50, among=[]) == []


def test_vectors_of_another_length_are_refused(sqlite_index: Index) -> None:
    put(sqlite_index, "zoo", "1", "lions roar")
    _, chunks = paragraphs("tigers swim")
    with pytest.raises(ValueError, match=f"A vector has 3 numbers, the others of the model words have {DIMENSIONS}"):
        sqlite_index.remember_vectors(chunks, np.ones((1, 3), dtype=np.float32))
