"""Both stores find the same passages by their words, with the same scores."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs_index import rare_first
from docs_index.index import open_store
from docs_index.stores import Store
from docs_index.terms import terms_of
from docs_index.types import DocumentKey
from tests.docs_index.conftest import paragraphs

WORDS = [*(f"word{n}" for n in range(40)), "lion", "ERR_CONN-42", "管道符", "löwe"]
QUERIES = [
    "lions",
    "word0 word7",
    "word1 word2 word3 word4 lion",
    "ERR_CONN-42",
    "管道符 löwe",
    "符",
    "nowhere",
    "word0",
]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Some words are in many of them, some in few, and some several times in one."""
    chance = random.Random(5)
    shares = [(place + 1) ** -0.5 for place in range(len(WORDS))]
    return [" ".join(chance.choices(WORDS, shares, k=chance.randint(3, 40))) for _ in range(400)]


@pytest.fixture
def both(index_path: Path, empty_database: str, texts: list[str]) -> Iterator[tuple[Store, Store]]:
    stores = open_store(index_path, "words"), open_store(empty_database, "words")
    for store in stores:
        for n, collection in enumerate(["zoo", "farm", "zoo"]):
            extraction, chunks = paragraphs(*texts[n::3])
            store.put(DocumentKey(collection, str(n)), "a.txt", extraction, chunks, None)
        extraction, chunks = paragraphs(*texts)
        store.put(DocumentKey("gone", "1"), "a.txt", extraction, chunks, None)
        store.remove_collection("gone")
    yield stores
    for store in stores:
        store.close()


def ranked(store: Store, query: str, limit: int) -> list[tuple[str, float]]:
    hits = store.lexical(terms_of(query), ["zoo"], limit)
    chunks = store.chunks([chunk for chunk, _ in hits])
    return [(chunks[chunk].text, score) for chunk, score in hits]


@pytest.mark.parametrize("read", [rare_first.READ, 300])
def test_both_stores_rank_alike(both: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch, read: int) -> None:
    """Also where the commonest words are left out."""
    monkeypatch.setattr(rare_first, "READ", read)
    for query in QUERIES:
        ours, theirs = ranked(both[1], query, 20), ranked(both[0], query, 20)
        assert [text for text, _ in ours] == [text for text, _ in theirs], query
        assert [score for _, score in ours] == pytest.approx([score for _, score in theirs], rel=1e-9), query
