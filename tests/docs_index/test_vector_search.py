"""The search by meaning as every store must do it, with a cache in memory or by itself."""

from __future__ import annotations

import numpy as np
import pytest

from docs_index.index import Index
from docs_index.types import DocumentKey
from tests.docs_index.conftest import DIMENSIONS, embed, paragraphs, put


def texts_found(index: Index, query: str, collection: str = "zoo") -> list[str]:
    found = [chunk for chunk, _ in index._vectors.search(embed([query])[0], collection, 10)]
    texts = index._store.texts(found)
    return [texts[chunk] for chunk in found]


def test_it_finds_the_nearest_first(index: Index) -> None:
    put(index, "zoo", "1", "lions roar loudly", "tigers swim")
    assert texts_found(index, "lions roar") == ["lions roar loudly", "tigers swim"]


def test_scores_are_cosines_whatever_the_length_of_the_vectors(index: Index) -> None:
    extraction, chunks = paragraphs("lions roar")
    index.add(DocumentKey("zoo", "1"), "a", extraction, chunks, 7 * embed(["lions roar"]))
    [(_, score)] = index._vectors.search(3 * embed(["lions roar"])[0], "zoo", 5)
    assert score == pytest.approx(1.0, abs=1e-5)


def test_it_follows_what_others_write(index: Index, location) -> None:
    other = Index(location, embedding_model="words")
    key = put(other, "zoo", "1", "lions roar")
    assert texts_found(index, "lions") == ["lions roar"]
    put(other, "zoo", "2", "lions sleep")
    assert sorted(texts_found(index, "lions")) == ["lions roar", "lions sleep"]
    other.remove(key)
    assert texts_found(index, "lions") == ["lions sleep"]
    other.close()


def test_vectors_that_come_later_are_found(index: Index) -> None:
    extraction, chunks = paragraphs("lions roar", "tigers swim")
    index.add(DocumentKey("zoo", "1"), "a", extraction, chunks)
    assert texts_found(index, "lions") == []
    index.remember_vectors(chunks[1:], embed(["tigers swim"]))
    assert texts_found(index, "lions") == ["tigers swim"]
    index.remember_vectors(chunks[:1], embed(["lions roar"]))
    assert texts_found(index, "lions") == ["lions roar", "tigers swim"]


def test_a_collection_holds_its_own_only(index: Index) -> None:
    put(index, "zoo", "1", "lions roar")
    put(index, "farm", "1", "cows moo")
    assert texts_found(index, "lions cows", "farm") == ["cows moo"]
    assert texts_found(index, "lions cows", "nowhere") == []


def test_a_vector_of_another_length_is_refused(index: Index) -> None:
    put(index, "zoo", "1", "lions roar")
    with pytest.raises(ValueError, match=f"has 3 numbers, the index's {DIMENSIONS}"):
        index._vectors.search(np.ones(3, dtype=np.float32), "zoo", 5)
