"""How the lists of postings are written: first a short one for each new document, then one for some thousand passages.

A list for each document would be many short ones for a common term, and one for all passages would be written anew with
each document. So new passages belong to the one segment that is open; when it is full, its lists are made anew from the
words of its passages, as are those of one more than half of whose passages are gone. Segments are ranges of the ids of
chunks, which come in order because one writes at a time. On a connection that is in a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docs_index.postgres.connection import Connection, only
from docs_index.postgres.postings import PACKED

FULL = 2_000  # passages

LISTS = f"""
INSERT INTO postings (segment, term, passages)
SELECT %s, lexeme, string_agg({PACKED}, '') FROM words, unnest(terms)
WHERE chunk BETWEEN %s AND %s AND strpos(lexeme, ' ') = 0 GROUP BY lexeme
"""  # before version 4 a term with a space said how often another one is there


def append(connection: Connection, ids: Sequence[int], lists: Mapping[str, bytes]) -> None:
    """The lists of new chunks, whose words are there already."""
    query = "UPDATE segments SET passages = passages + %s WHERE last IS NULL RETURNING id, passages"
    segment, passages = only(connection.execute(query, [len(ids)]).fetchone())
    with connection.cursor().copy("COPY postings (segment, term, passages) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "text", "bytea"])
        for term, passages_of_term in lists.items():
            copy.write_row([segment, term, passages_of_term])
    if passages >= FULL:
        connection.execute("UPDATE segments SET last = %s WHERE id = %s", [ids[-1], segment])
        rewrite(connection, segment)
        connection.execute("INSERT INTO segments (first) VALUES (%s)", [ids[-1] + 1])


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """These chunks and their words are gone."""
    connection.execute(
        """UPDATE segments s SET gone = s.gone + found.gone FROM (
               SELECT s.id, count(*) AS gone FROM segments s
               JOIN unnest(%s::bigint[]) AS c ON c >= s.first AND (s.last IS NULL OR c <= s.last) GROUP BY s.id
           ) AS found WHERE s.id = found.id""",
        [list(ids)],
    )
    wasteful = "SELECT id FROM segments WHERE last IS NOT NULL AND 2 * gone > passages ORDER BY first LIMIT 1"
    while row := connection.execute(wasteful).fetchone():
        rewrite(connection, row[0])


def rewrite(connection: Connection, segment: int) -> None:
    """Its lists as if all that is left were added at once; with those of the segment before, where both fit in one."""
    query = "SELECT first, last, passages - gone FROM segments WHERE id = %s"
    first, last, left = only(connection.execute(query, [segment]).fetchone())
    old = [segment]
    before = "SELECT id, first, passages - gone FROM segments WHERE last < %s ORDER BY last DESC LIMIT 1"
    row = connection.execute(before, [first]).fetchone()
    if row and left and left + row[2] <= FULL:
        old, first, left = [segment, row[0]], row[1], left + row[2]
    connection.execute("DELETE FROM postings WHERE segment = ANY(%s)", [old])
    connection.execute("DELETE FROM segments WHERE id = ANY(%s)", [old])
    if left:
        connection.execute(
            "INSERT INTO segments (id, first, last, passages) VALUES (%s, %s, %s, %s)", [segment, first, last, left]
        )
        connection.execute(LISTS, [segment, first, last])


def rewrite_all(connection: Connection) -> None:
    """From words alone."""
    connection.execute("DELETE FROM postings; DELETE FROM segments")
    ranges = connection.execute(
        """SELECT min(chunk), max(chunk), count(*) FROM (
               SELECT chunk, (row_number() OVER (ORDER BY chunk) - 1) / %s AS part FROM words
           ) AS parts GROUP BY part ORDER BY part""",
        [FULL],
    ).fetchall()
    add = "INSERT INTO segments (first, last, passages) VALUES (%s, %s, %s) RETURNING id"
    for first, last, passages in ranges:
        rewrite(connection, only(connection.execute(add, [first, last, passages]).fetchone())[0])
    connection.execute("INSERT INTO segments (first) VALUES (%s)", [ranges[-1][1] + 1 if ranges else 1])
