"""The search by meaning: pgvector looks at each vector of a small collection, and walks a graph (HNSW) for a large one.

The graph holds the vectors of all collections. Walking it costs the more the smaller the share of the asked collection
is; looking at every vector costs the more the larger the collection is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, TypeAlias

from psycopg import sql

from docs_index.postgres.changes import LONGEST_INDEXED_VECTOR, normalized
from docs_index.postgres.connection import Connection, only
from docs_index.postgres.connections import Connections
from docs_index.stores import Vectors

Scope: TypeAlias = Mapping[str, Any]  # a `collection`, and the numbers of the documents that are meant, `among` them

WALK_COST = 8.0  # of one vector in the graph, against one that is looked at in a row (measured)
EF_SEARCH = 400  # candidates that the walk keeps: recall against exact is measured with it
MOST_WALKED = 40_000  # vectors; a filter that leaves few of so many in is answered with what was found

IN_SCOPE = "d.collection = %(collection)s"
AMONG = " AND d.id = ANY(%(among)s)"
EXACT = """
SELECT c.id, -(e.vector <#> %(vector)s) FROM documents d JOIN chunks c ON c.document = d.id
JOIN embeddings e ON e.digest = c.digest AND e.model = {model}
WHERE {scope} ORDER BY e.vector <#> %(vector)s, c.id LIMIT %(limit)s
"""
WALK = """
SELECT c.id, -(e.vector <#> %(vector)s) FROM embeddings e JOIN chunks c ON c.digest = e.digest
JOIN documents d ON d.id = c.document WHERE e.model = {model} AND {scope}
ORDER BY e.vector::halfvec({dimensions}) <#> %(vector)s::halfvec({dimensions}) LIMIT %(limit)s
"""
# So that the rows come in the order of the walk, and it ends as soon as there are enough.
WALKING = f"""
SET LOCAL hnsw.ef_search = {EF_SEARCH}; SET LOCAL hnsw.iterative_scan = relaxed_order;
SET LOCAL hnsw.max_scan_tuples = {MOST_WALKED}; SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off;
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_bitmapscan = off
"""


class NearestSearch:
    """Safe to share between threads."""

    def __init__(self, connections: Connections, model: str) -> None:
        self._connections = connections
        self._model = model

    def search(
        self, query: Vectors, collection: str, limit: int, among: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """Chunk ids and cosines, best first; of these documents only, when some are given."""
        scope = {"collection": collection, "among": None if among is None else list(among)}
        with self._connections.reading() as connection:
            dimensions = self._dimensions(connection, query.shape[-1])
            chunks, total = _counts(connection, scope)
            if not dimensions or not chunks:
                return []
            values = {"vector": normalized(query), "limit": limit} | scope
            if dimensions > LONGEST_INDEXED_VECTOR or is_exact_quicker(chunks, total, limit):
                rows = connection.execute(_composed(EXACT, self._model, dimensions, scope), values).fetchall()
            else:
                with connection.transaction():
                    connection.execute(WALKING)
                    rows = connection.execute(walk(self._model, dimensions, scope), values).fetchall()
        return sorted(((int(id), float(cosine)) for id, cosine in rows), key=lambda hit: (-hit[1], hit[0]))

    def _dimensions(self, connection: Connection, asked: int) -> int:
        row = connection.execute("SELECT dimensions FROM models WHERE model = %s", [self._model]).fetchone()
        if row is not None and row[0] != asked:
            raise ValueError(f"The question's vector has {asked} numbers, the index's {row[0]}.")
        return int(row[0]) if row else 0


def walk(model: str, dimensions: int, scope: Scope) -> sql.Composed:
    """The query that the model's graph answers: a graph is used only where the query names its very expression."""
    return _composed(WALK, model, dimensions, scope)


def is_exact_quicker(chunks: int, total: int, limit: int) -> bool:
    """Of `total` vectors in the graph, `limit` of the `chunks` in question are met after `limit * total / chunks`."""
    walked = max(limit, EF_SEARCH) * total / chunks
    return chunks <= WALK_COST * walked


def _composed(query: LiteralString, model: str, dimensions: int, scope: Scope) -> sql.Composed:
    return sql.SQL(query).format(
        model=sql.Literal(model), dimensions=sql.Literal(dimensions), scope=sql.SQL(_condition(scope))
    )


def _condition(scope: Scope) -> LiteralString:
    return IN_SCOPE if scope["among"] is None else IN_SCOPE + AMONG


def _counts(connection: Connection, scope: Scope) -> tuple[int, int]:
    """How many chunks the documents have that are to be looked into, and how many there are in all."""
    query = f"SELECT coalesce(sum(d.chunks), 0), (SELECT chunks FROM state) FROM documents d WHERE {_condition(scope)}"
    chunks, total = only(connection.execute(query, scope).fetchone())
    return int(chunks), int(total or 0)
