"""However documents came and went, the lists of postings say what the words of the chunks say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs_index.index import Index
from docs_index.postgres import segments
from docs_index.terms import terms_of
from docs_index.types import DocumentKey
from tests import postgres
from tests.docs_index.conftest import put

WORDS = ["lion", "roar", "error-code", "管道", "管", "Löwe", "e-4711", "x"]


@pytest.fixture
def both(index_path: Path, empty_database: str) -> Iterator[list[Index]]:
    indexes = [Index(place, embedding_model="words") for place in (index_path, empty_database)]
    yield indexes
    for index in indexes:
        index.close()


def come_and_go(indexes: list[Index], steps: int) -> None:
    """More come than go, and some come again."""
    dice = random.Random(2)
    for _ in range(steps):
        document = str(dice.randint(1, 12))
        texts = [" ".join(dice.choices(WORDS, k=dice.randint(1, 300))) for _ in range(dice.randint(1, 5))]
        for index in indexes:
            if len(texts) == 1:
                index.remove(DocumentKey("zoo", document))
            else:
                put(index, "zoo", document, *texts)


def scores(index: Index, query: str) -> list[float]:
    return [score for _, score in index._store.lexical(terms_of(query), ["zoo"], 1000)]


def listed(url: str) -> list[tuple[int, int]]:
    """Of each segment how many passages its lists name, and how many of them are gone."""
    query = "SELECT passages, gone FROM docs_index.segments WHERE last IS NOT NULL ORDER BY first"
    return [(row[0], row[1]) for row in postgres.execute(url, query).fetchall()]


def test_what_is_found_is_what_the_other_store_finds(
    both: list[Index], empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "FULL", 7)
    come_and_go(both, 60)
    assert len(listed(empty_database)) > 2
    for query in ["lions", "löwe x", "error-code", "e-4711 roar", "管"]:
        ours, theirs = scores(both[1], query), scores(both[0], query)
        assert len(ours) > 5
        assert ours == pytest.approx(theirs, rel=0.05 if "-" in query else 1e-9)  # words in a row are counted roughly


def test_lists_do_not_fill_with_what_is_gone(
    both: list[Index], empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "FULL", 7)
    [_, index] = both
    come_and_go([index], 100)
    chunks = index.coverage("zoo").chunks
    assert all(2 * gone <= passages for passages, gone in listed(empty_database))
    assert len(listed(empty_database)) <= 2 * chunks / segments.FULL + 1  # small ones are joined
    index.remove_collection("zoo")
    assert listed(empty_database) == []
    come_and_go([index], 20)
    assert scores(index, "lion")


def test_what_is_undone_leaves_no_list(both: list[Index], empty_database: str) -> None:
    [_, index] = both
    put(index, "zoo", "1", "lions roar")
    with pytest.raises(ZeroDivisionError), index._store.changing() as changes:
        changes.drop([DocumentKey("zoo", "1")])
        raise ZeroDivisionError
    assert len(scores(index, "lion")) == 1
    assert postgres.rows(empty_database, "docs_index.postings") == 2
