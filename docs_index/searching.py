"""From a question to the passages that answer it: by words and by meaning, fused, and folded where they say the same.

Decides the order of the steps; what each does stands in a module of its own. Knows the store by its protocol alone, and
changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from docs_index import ranking, sentence_scores, word_parts
from docs_index.findings import base_for, floor_for, weight_of_words
from docs_index.folding import Fold, fold_alike, fold_equal
from docs_index.learning import Learning
from docs_index.results import Ranked, Scores, passage_of
from docs_index.stores import Store, Vectors, VectorSearch
from docs_index.terms import terms_of
from docs_index.types import Filter, Passage

CANDIDATES = 200  # of each leg: what stands below moves nothing on the first page (measured up to 1,000)
LOOKED_THROUGH = 50  # of each leg, for parts of words; 100 and 200 gave the same
FOLDED_AMONG = 40  # of the best, at least, those that say nearly the same are folded
SEARCHES_AT_A_TIME = 4


class Search:
    """In one index. Safe to share between threads."""

    def __init__(self, store: Store, vectors: VectorSearch, learning: Learning) -> None:
        self._store = store
        self._vectors = vectors
        self._learning = learning
        self._threads = ThreadPoolExecutor(SEARCHES_AT_A_TIME, "search by words")

    def close(self) -> None:
        """Wait for what is being searched."""
        self._threads.shutdown()

    def ranked(
        self, query: str, vector: Vectors | None, collections: Sequence[str], limit: int, where: Filter
    ) -> Ranked:
        """Both legs, fused, and folded where texts say the same."""
        legs = self._with_parts(query, self.legs(query, vector, collections, max(CANDIDATES, limit), where))
        found = self._learning.of_all(collections)
        if not legs.lexical and terms_of(query):  # nothing but meaning speaks for these
            floor = floor_for(found)
            legs = replace(legs, dense=[hit for hit in legs.dense if hit[1] >= floor])
        hits = ranking.fuse(
            legs.lexical, ranking.above(legs.dense, base_for(found)), weight=weight_of_words(query, found)
        )
        return replace(legs, folds=tuple(self._folded(hits, collections, limit)))

    def legs(
        self, query: str, vector: Vectors | None, collections: Sequence[str], candidates: int, where: Filter
    ) -> Ranked:
        """Both at a time: each waits for a library that computes without Python.

        To signs alone ("?", an emoji) every passage is as near as any other. No text at all leaves it to the vector.
        """
        if query and not any(map(str.isalnum, query)):
            return Ranked([], [])
        among = None if where.is_empty else self._store.selected(collections, where)
        words = self._threads.submit(self.by_words, query, collections, candidates, among)
        meaning = self._by_meaning(vector, collections, candidates, among)
        return Ranked(words.result(), meaning)

    def _with_parts(self, query: str, legs: Ranked) -> Ranked:
        """The first of both legs are looked through for parts of the words."""
        parts = word_parts.parts_of(terms_of(query))
        ids = dict.fromkeys(chunk for chunk, _ in [*legs.lexical[:LOOKED_THROUGH], *legs.dense[:LOOKED_THROUGH]])
        texts = self._store.texts(list(ids)) if parts and ids else {}
        weight = word_parts.PARTS_WEIGHT if legs.dense else word_parts.PARTS_WEIGHT_ALONE
        return replace(legs, lexical=word_parts.with_parts(legs.lexical, word_parts.find_parts(parts, texts), weight))

    def passages(self, ranked: Ranked, folds: Sequence[Fold]) -> list[Passage]:
        """What the caller of a search gets, of those that are still there."""
        chunks = self._store.chunks([chunk for fold in folds for chunk in (fold.hit.chunk, *fold.repeats)])
        scores = Scores(dict(ranked.lexical), dict(ranked.dense))
        return [passage_of(fold, chunks, scores) for fold in folds if fold.hit.chunk in chunks]

    def _folded(self, hits: Sequence[ranking.Hit], collections: Sequence[str], limit: int) -> list[Fold]:
        """Equal texts are folded among all hits, nearly equal ones among the first: their texts have to be read."""
        folds = fold_equal(hits, self._store.digests([hit.chunk for hit in hits], collections))
        compared = max(FOLDED_AMONG, 2 * limit)
        chunks = self._store.chunks([fold.hit.chunk for fold in folds[:compared]])
        texts = {id: chunk.text for id, chunk in chunks.items()}
        return [*fold_alike(folds[:compared], texts), *folds[compared:]]

    def by_words(
        self, query: str, collections: Sequence[str], limit: int, among: Sequence[int] | None
    ) -> list[tuple[int, float]]:
        """Chunk ids and scores, best first."""
        terms = terms_of(query)
        return self._store.lexical(terms, collections, limit, among) if terms and collections else []

    def _by_meaning(
        self, vector: Vectors | None, collections: Sequence[str], limit: int, among: Sequence[int] | None
    ) -> list[tuple[int, float]]:
        if vector is None:
            return []
        found = [hit for name in dict.fromkeys(collections) for hit in self._vectors.search(vector, name, limit, among)]
        return self._looked_into(vector, sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit])

    def _looked_into(self, vector: Vectors, found: list[tuple[int, float]]) -> list[tuple[int, float]]:
        """The same chunks, the first of them ordered by what their sentences and their sections' beginnings say.

        However many are asked for, it is as many that are looked into: who stands where must not depend on it.
        """
        cosines = dict(found[:CANDIDATES])
        ids = list(cosines)
        leads = self._store.leads(ids)
        elsewhere = sorted(set(leads.values()) - cosines.keys())
        lead_cosines = cosines | sentence_scores.cosines(vector, *self._store.vectors(elsewhere))
        best = sentence_scores.best(vector, self._store.sentences(ids))
        scored = sentence_scores.rescored(cosines, best, {id: lead_cosines.get(leads.get(id, id)) for id in ids})
        return sentence_scores.followed_by(scored, found[CANDIDATES:])
