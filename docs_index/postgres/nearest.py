"""The search by meaning: pgvector looks at each vector of a small collection, and walks a graph (HNSW) for a large one.

The graph holds the vectors of all collections. Walking it costs the more the smaller the share of the asked collection
is; looking at every vector costs the more the larger the collection is.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from docs_index.postgres.changes import LONGEST_INDEXED_VECTOR, normalized
from docs_index.postgres.connection import Connection
from docs_index.postgres.connections import Connections
from docs_index.stores import Vectors

WALK_COST = 8.0  # of one vector in the graph, against one that is looked at in a row (measured)
EF_SEARCH = 400  # candidates that the walk keeps: recall against exact is measured with it
MOST_WALKED = 40_000  # vectors; a filter that leaves few of so many in is answered with what was found

EXACT = """
SELECT c.id, -(e.vector <#> %(vector)s) FROM chunks c JOIN embeddings e ON e.digest = c.digest AND e.model = %(model)s
WHERE c.document = ANY(%(documents)s) ORDER BY e.vector <#> %(vector)s, c.id LIMIT %(limit)s
"""
WALK = """
SELECT c.id, -(e.vector <#> %(vector)s) FROM embeddings e JOIN chunks c ON c.digest = e.digest
WHERE e.model = {model} AND c.document = ANY(%(documents)s)
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
        with self._connections.reading() as connection:
            dimensions = self._dimensions(connection, query.shape[-1])
            documents, chunks, total = _scope(connection, collection, among)
            if not dimensions or not chunks:
                return []
            values = {"vector": normalized(query), "model": self._model, "documents": documents, "limit": limit}
            if dimensions > LONGEST_INDEXED_VECTOR or is_exact_quicker(chunks, total, limit):
                rows = connection.execute(EXACT, values).fetchall()
            else:
                with connection.transaction():
                    connection.execute(WALKING)
                    rows = connection.execute(walk(self._model, dimensions), values).fetchall()
        return sorted(((int(id), float(cosine)) for id, cosine in rows), key=lambda hit: (-hit[1], hit[0]))

    def _dimensions(self, connection: Connection, asked: int) -> int:
        row = connection.execute("SELECT dimensions FROM models WHERE model = %s", [self._model]).fetchone()
        if row is not None and row[0] != asked:
            raise ValueError(f"The question's vector has {asked} numbers, the index's {row[0]}.")
        return int(row[0]) if row else 0


def walk(model: str, dimensions: int) -> sql.Composed:
    """The query that the model's graph answers: a graph is used only where the query names its very expression."""
    return sql.SQL(WALK).format(model=sql.Literal(model), dimensions=sql.Literal(dimensions))


def is_exact_quicker(chunks: int, total: int, limit: int) -> bool:
    """Of `total` vectors in the graph, `limit` of the `chunks` in question are met after `limit * total / chunks`."""
    walked = max(limit, EF_SEARCH) * total / chunks
    return chunks <= WALK_COST * walked


def _scope(connection: Connection, collection: str, among: Sequence[int] | None) -> tuple[list[int], int, int]:
    """The documents to look into, how many chunks they have, and how many there are in all."""
    query = "SELECT id, chunks FROM documents WHERE collection = %s AND (%s::bigint[] IS NULL OR id = ANY(%s))"
    named = None if among is None else list(among)
    rows = connection.execute(query, [collection, named, named]).fetchall()
    total = connection.execute("SELECT chunks FROM state").fetchone()
    return [row[0] for row in rows], sum(row[1] for row in rows), int(total[0]) if total else 0
