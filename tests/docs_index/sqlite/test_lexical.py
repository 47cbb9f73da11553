"""The search by words, against the scores of SQLite's own function."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs_index import scope
from docs_index.index import Index
from docs_index.sqlite import postings
from docs_index.sqlite.store import SqliteStore
from docs_index.terms import Term, match_expression, terms_of
from docs_index.types import DocumentKey
from tests.docs_index.conftest import put

WORDS = ["lion", "lions", "roar", "error-code", "管道", "管", "water", "Löwe", "pump", "E-4711", "x", "the", "道"]


@pytest.fixture
def store(index_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(index_path, "words")
    yield store
    store.close()


def scores_of_fts5(path: Path, terms: list[Term]) -> dict[int, float]:
    connection = sqlite3.connect(path)
    sql = "SELECT rowid, -rank FROM chunks_fts WHERE chunks_fts MATCH ?"
    found = dict(connection.execute(sql, [match_expression(terms)]).fetchall())
    connection.close()
    return found


def fill(index: Index, documents: int, *, seed: int = 0) -> None:
    """Texts of all lengths; some are taken out again."""
    dice = random.Random(seed)
    for n in range(documents):
        texts = [" ".join(dice.choices(WORDS, k=dice.randint(1, 400))) for _ in range(5)]
        put(index, "zoo", str(n), *texts)
        if n % 3 == 2:
            index.remove(DocumentKey("zoo", str(n - 1)))


@pytest.mark.parametrize("query", ["roaring lions", "E-4711 pump", "the error-code of water", "管道", "道", "löwe x"])
def test_scores_are_those_of_fts5(sqlite_index: Index, store: SqliteStore, index_path: Path, query: str) -> None:
    fill(sqlite_index, 12)
    terms = terms_of(query)
    found = dict(store.lexical(terms, ["zoo"], 1000))
    assert found == pytest.approx(scores_of_fts5(index_path, terms), rel=1e-9)
    assert len(found) > 5


def test_what_is_written_later_is_scored_like_the_rest(
    sqlite_index: Index, store: SqliteStore, index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "BLOCK", 7)
    for step in range(3):
        fill(sqlite_index, 4, seed=step)
        terms = terms_of("lion pump")
        assert dict(store.lexical(terms, ["zoo"], 1000)) == pytest.approx(scores_of_fts5(index_path, terms))


def test_the_best_come_first_and_equal_ones_in_order(sqlite_index: Index, store: SqliteStore) -> None:
    put(sqlite_index, "zoo", "1", "lion of the sea", "a lion", "a lion", "no cat", "lion lion lion")
    found = store.lexical(terms_of("lion"), ["zoo"], 3)
    assert [store.texts([id])[id] for id, _ in found] == ["lion lion lion", "a lion", "a lion"]
    assert found[1][0] < found[2][0]


@pytest.mark.parametrize("depth", [1, 4])
def test_other_collections_and_documents_take_no_room(
    sqlite_index: Index, store: SqliteStore, monkeypatch: pytest.MonkeyPatch, depth: int
) -> None:
    monkeypatch.setattr(scope, "DEPTH", depth)
    put(sqlite_index, "large", "1", *(f"lion {n}" for n in range(50)))
    put(sqlite_index, "small", "1", "a lion in a much longer text than those", "no cat")
    put(sqlite_index, "small", "2", "another lion in a text that is longer still than the others are")
    assert len(store.lexical(terms_of("lion"), ["small"], 10)) == 2
    [(only, _)] = store.lexical(terms_of("lion"), ["small"], 10, among=[3])
    assert "another" in store.texts([only])[only]


def test_threads_search_while_another_writes(sqlite_index: Index, store: SqliteStore) -> None:
    wrong, stop = [], threading.Event()

    def search() -> None:
        while not stop.is_set():
            found = store.lexical(terms_of("lion pump"), ["zoo"], 500)
            wrong.extend(id for id, score in found if score <= 0)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    fill(sqlite_index, 15)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(store.lexical(terms_of("lion"), ["zoo"], 500)) > 30
