"""The dense leg's closer look, on vectors that can be reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest

from docs_index.index import Index
from docs_index.sentence_scores import Sentences, best, followed_by, rescored
from docs_index.types import Chunk, DocumentKey, Extraction
from tests.docs_index.conftest import embed, paragraphs

EAST = np.array([2.0, 0.0], dtype=np.float32)


def test_the_nearest_sentence_counts() -> None:
    rows = np.array([(0, 1), (0.6, 0.8), (1, 0), (-1, 0)], dtype=np.float16)
    found = best(EAST, Sentences(np.array([7, 9, 4]), np.array([0, 2, 3]), rows))
    assert found == {7: pytest.approx(0.6, abs=1e-3), 9: 1.0, 4: -1.0}


def test_the_sentence_counts_half_and_chunk_and_lead_a_quarter_each() -> None:
    assert rescored({1: 0.5, 2: 0.4}, {1: 0.5, 2: 0.9}, {1: 0.5, 2: 0.2}) == [
        (2, pytest.approx(0.9 / 2 + 0.4 / 4 + 0.2 / 4)),
        (1, pytest.approx(0.5)),
    ]


def test_without_sentences_chunk_and_lead_count_alike() -> None:
    assert rescored({1: 0.5, 2: 0.4}, {}, {1: 0.1, 2: 0.4}) == [(2, pytest.approx(0.4)), (1, pytest.approx(0.3))]


def test_a_chunk_without_sentences_is_neither_favored_nor_buried() -> None:
    order = rescored({1: 0.5, 2: 0.4, 3: 0.3}, {1: 0.6, 3: 0.4}, {})
    assert [chunk for chunk, _ in order] == [1, 2, 3]
    assert order[1][1] == pytest.approx(0.5 / 2 + 0.4 / 4 + 0.4 / 4)


def test_no_vectors_at_all_leave_the_order() -> None:
    assert rescored({1: 0.5, 2: 0.4}, {}, {}) == [(1, pytest.approx(0.5)), (2, pytest.approx(0.4))]
    assert rescored({}, {}, {}) == []


def test_what_was_not_looked_into_stays_behind() -> None:
    assert followed_by([(1, 0.7), (2, 0.3)], [(3, 0.4), (4, 0.2)]) == [(1, 0.7), (2, 0.3), (3, 0.3), (4, 0.2)]
    assert followed_by([], []) == []


def test_a_passage_is_found_by_one_of_its_sentences(index: Index) -> None:
    texts = ("zebras graze far away from lions and the sea", "tides sink")
    extraction, chunks = paragraphs(*texts)
    index.add(DocumentKey("zoo", "1"), "a", extraction, chunks, embed(texts))
    query = embed(["sink the lions"])[0]
    assert index.search("xyzzy", query, collections=["zoo"])[0].text == "tides sink"
    sentences = [embed(["zebras graze far", "the lions sink"]), embed(["tides"])]
    index.remember_vectors(chunks, embed(texts), [rows.astype(np.float16) for rows in sentences])
    assert index.search("xyzzy", query, collections=["zoo"])[0].text == texts[0]
    index.add(DocumentKey("zoo", "1"), "a", extraction, chunks, embed(texts))
    assert len(index._store.sentences([3, 4]).rows) == 3, "who brings no vectors of sentences takes none away"
    index.remove(DocumentKey("zoo", "1"))
    assert index.missing_vectors(chunks) == [0, 1]


def test_a_section_begins_anew_under_each_heading(index: Index) -> None:
    headings = [(), ("A",), ("A",), ("B",), ("A",), *[("C",)] * 11]
    chunks = [Chunk(f"t{n}", n, n + 1, headings=path) for n, path in enumerate(headings)]
    index.add(DocumentKey("zoo", "1"), "a", Extraction("t" * len(chunks)), chunks)
    leads = index._store.leads(range(1, len(chunks) + 1))
    assert [leads[n] for n in range(1, 7)] == [1, 2, 2, 4, 5, 6]
    assert {leads[n] for n in range(6, 17)} == {6}, "however far it is"
