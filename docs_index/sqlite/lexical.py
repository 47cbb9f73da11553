"""The search by words in SQLite: BM25, with the scores of FTS5's own function and in an eighth of its time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from docs_index import bm25
from docs_index.rare_first import Sought, plan
from docs_index.scope import best_within
from docs_index.sqlite import postings
from docs_index.terms import Term, match_expression
from docs_index.word_cutter import LONGEST_TERM_CHARS, WordCutter

COUNTED = 3_000  # passages that are counted for a term; what stands in more is estimated

WITHIN = """SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document
            WHERE d.collection IN (SELECT value FROM json_each(?))"""


class WordSearch:
    """Of one index file. Safe to share between threads."""

    def __init__(self) -> None:
        self._cutter = WordCutter()
        self._lengths = postings.Lengths()

    def close(self) -> None:
        self._cutter.close()

    def search(
        self,
        connection: sqlite3.Connection,
        terms: Sequence[Term],
        collections: Sequence[str],
        limit: int,
        among: Sequence[int] | None,
    ) -> list[tuple[int, float]]:
        """Ids and scores (greater is better) of passages that hold any of the terms, best first."""
        postings.prepare(connection)
        connection.execute("BEGIN")  # one state of the file, whatever is written meanwhile
        within = Within(connection, collections, among)
        known = self._lengths.collected(connection)
        chosen = plan(self._sought(connection, terms), known.passages)
        found = best_within(_scores(connection, chosen.rare, known), within, limit)
        if chosen.common:
            last = found[-1][1] / 2 if found else 1.0
            held = dict(found)
            found += [(id, last) for id in _holding_all(connection, chosen.common, within, limit) if id not in held]
        return found[:limit]

    def _sought(self, connection: sqlite3.Connection, terms: Sequence[Term]) -> list[Sought]:
        """Those of the terms that stand anywhere."""
        cut = self._cutter.cut([term.text for term in terms])
        held_by = _passages_holding(connection, terms)
        return [
            Sought(term, _word(term, words), holding)
            for term, words, holding in zip(terms, cut, held_by, strict=True)
            if holding
        ]


class Within:
    """The chunks of these collections, and of these documents only when some are given."""

    def __init__(self, connection: sqlite3.Connection, collections: Sequence[str], among: Sequence[int] | None) -> None:
        self._connection = connection
        self.condition, self.values = WITHIN, [json.dumps(list(collections))]
        if among is not None:
            self.condition += " AND d.id IN (SELECT value FROM json_each(?))"
            self.values.append(json.dumps(list(among)))

    def holds(self, ids: Sequence[int]) -> set[int]:
        sql = f"{self.condition} AND c.id IN (SELECT value FROM json_each(?))"
        return {row[0] for row in self._connection.execute(sql, [*self.values, json.dumps(list(ids))])}

    def ids(self) -> NDArray[np.int64]:
        return postings.ids_of(self._connection, self.condition, self.values)


def _word(term: Term, words: Sequence[str]) -> str:
    is_word = len(words) == 1 and not term.begins_word and len(words[0]) < LONGEST_TERM_CHARS
    return words[0] if is_word else ""


def _passages_holding(connection: sqlite3.Connection, terms: Sequence[Term]) -> list[int]:
    """For each term. Beyond COUNTED it is estimated from how far the count has come."""
    last = connection.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()[0]
    sql = """SELECT count(*), max(rowid) FROM
             (SELECT rowid FROM chunks_fts WHERE chunks_fts MATCH ? LIMIT ?)"""
    found = []
    for term in terms:
        count, reached = connection.execute(sql, [match_expression([term]), COUNTED]).fetchone()
        found.append(count if count < COUNTED else round(count * max(last, 1) / max(reached, 1)))
    return found


def _scores(connection: sqlite3.Connection, sought: Sequence[Sought], known: bm25.Collected) -> NDArray[np.float64]:
    """By chunk id: what all terms together give it."""
    scores = np.zeros(len(known.lengths))
    for one in sought:
        if one.word:
            held = postings.word_postings(connection, one.word)
            scores[held.ids] += bm25.scores_of(held, known)
        else:
            ranked = "SELECT rowid, -rank FROM chunks_fts WHERE chunks_fts MATCH ?"
            rows = connection.execute(ranked, [match_expression([one.term])]).fetchall()
            scores[[row[0] for row in rows]] += [row[1] for row in rows]
    return scores


def _holding_all(connection: sqlite3.Connection, terms: Sequence[Term], within: Within, limit: int) -> list[int]:
    """Some of those that hold all of the terms, as many as wanted: one with a common word is as good as another."""
    expression = " AND ".join(match_expression([term]) for term in terms)
    sql = f"""SELECT f.rowid FROM chunks_fts f WHERE chunks_fts MATCH ?
              AND EXISTS ({within.condition} AND c.id = f.rowid) LIMIT ?"""
    return [row[0] for row in connection.execute(sql, [expression, *within.values, limit])]
