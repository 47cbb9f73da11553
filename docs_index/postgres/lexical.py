"""The search by words in PostgreSQL: the scores of SQLite's FTS5, computed here from its lists of postings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from docs_index import bm25, rare_first
from docs_index.postgres import postings
from docs_index.postgres.connection import Connection, only
from docs_index.postgres.postings import Held, Numbers
from docs_index.postgres.words import any_of, in_a_row
from docs_index.rare_first import Sought
from docs_index.scope import Scope, best_within
from docs_index.terms import Term
from docs_index.word_cutter import WordCutter

WordsOf = Mapping[Term, tuple[str, ...]]  # those that a term is made of, or that begin as it does
Lists = Mapping[str, Held]


def search(
    connection: Connection, cutter: WordCutter, terms: Sequence[Term], within: Scope, limit: int
) -> list[tuple[int, float]]:
    """Ids and scores (greater is better) of passages that hold any of the terms, best first."""
    passages, mean_length = _totals(connection)
    words_of = _words_of(connection, cutter, terms)
    chosen = rare_first.plan(_sought(connection, words_of), passages)
    asked = [*(one.term for one in chosen.rare), *chosen.common]
    lists = postings.read(connection, {word for term in asked for word in words_of[term]})
    scores = np.zeros(1 + max((held.last for held in lists.values()), default=0))
    for one in chosen.rare:
        held = lists[one.word] if one.word else _checked(connection, one.term, words_of[one.term], lists)
        holding = one.holding if one.word else len(held.ids)  # of a word they may name passages that are gone
        rarity = bm25.weight(holding, passages)
        scores[held.ids] += rarity * bm25.frequency_scores(held.counts, held.lengths, mean_length)
    found = best_within(scores, within, limit)
    if chosen.common:
        common = Held.all_of([_holding(term, words_of[term], lists) for term in chosen.common])
        found += _of_equal_worth(common.ids, within, limit, found)
    return found[:limit]


class Within:
    """The chunks of these collections, and of these documents only when some are given."""

    def __init__(self, connection: Connection, collections: Sequence[str], among: Sequence[int] | None) -> None:
        self._connection = connection
        self._condition = "FROM chunks c JOIN documents d ON d.id = c.document WHERE d.collection = ANY(%s)"
        self._values: list[list[str] | list[int]] = [list(collections)]
        if among is not None:
            self._condition += " AND d.id = ANY(%s)"
            self._values.append(list(among))

    def holds(self, ids: Sequence[int]) -> set[int]:
        query = f"SELECT c.id {self._condition} AND c.id = ANY(%s)"
        return {row[0] for row in self._connection.execute(query, [*self._values, list(ids)])}

    def ids(self) -> Numbers:
        query = f"SELECT string_agg(int8send(c.id), '') {self._condition}"
        written = only(self._connection.execute(query, self._values, binary=True).fetchone())[0]
        return np.frombuffer(written or b"", dtype=">i8").astype(np.int64)


def _words_of(connection: Connection, cutter: WordCutter, terms: Sequence[Term]) -> WordsOf:
    cut = {term: tuple(words) for term, words in zip(terms, cutter.cut([term.text for term in terms]), strict=True)}
    return {
        term: _beginning(connection, words[0]) if term.begins_word else words for term, words in cut.items() if words
    }


def _beginning(connection: Connection, beginning: str) -> tuple[str, ...]:
    """The words that begin so."""
    query = "SELECT term FROM vocabulary WHERE term >= %s AND term < %s"
    rows = connection.execute(query, [beginning, beginning + chr(0x10FFFF)])
    return tuple(row[0] for row in rows)


def _sought(connection: Connection, words_of: WordsOf) -> list[Sought]:
    """Those that stand anywhere. Words in a row may stand in fewer passages than it says here."""
    query = "SELECT term, chunks FROM vocabulary WHERE term = ANY(%s)"
    asked = list({word for words in words_of.values() for word in words})
    known: dict[str, int] = dict(connection.execute(query, [asked]).fetchall())
    sought = []
    for term, words in words_of.items():
        counts = [known.get(word, 0) for word in words]
        holding = sum(counts) if term.begins_word else min(counts)
        if holding:
            sought.append(Sought(term, "" if term.begins_word or len(words) > 1 else words[0], holding))
    return sought


def _holding(term: Term, words: Sequence[str], lists: Lists) -> Held:
    """The passages that hold these words, in a row or not; or any, where they begin as the term does."""
    parts = [lists[word] for word in words]
    return Held.any_of(parts) if term.begins_word else Held.all_of(parts)


def _checked(connection: Connection, term: Term, words: Sequence[str], lists: Lists) -> Held:
    """Those that are still there and hold the words in a row, as often, for all we know, as the rarest of them."""
    holding = _holding(term, words, lists)
    query = "SELECT chunk FROM words WHERE chunk = ANY(%s) AND terms @@ %s::tsquery"
    rows = connection.execute(query, [holding.ids.tolist(), any_of(words) if term.begins_word else in_a_row(words)])
    return holding.only(np.array([row[0] for row in rows], dtype=np.int64))


def _of_equal_worth(
    ids: Numbers, within: Scope, limit: int, found: Sequence[tuple[int, float]]
) -> list[tuple[int, float]]:
    """Some of these, as many as wanted, behind those that were found: one with a common word is as good as another."""
    scores = np.zeros(1 + int(ids.max(initial=0)))
    scores[ids] = found[-1][1] / 2 if found else 1.0
    held = dict(found)
    return [hit for hit in best_within(scores, within, limit) if hit[0] not in held]


def _totals(connection: Connection) -> tuple[int, float]:
    """How many chunks there are, and how many terms in each on average."""
    chunks, terms = only(connection.execute("SELECT chunks, terms FROM state").fetchone())
    return int(chunks), int(terms) / max(int(chunks), 1)
