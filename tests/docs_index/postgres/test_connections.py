"""What people are told when the server is away, or what lies there is of no use."""

from __future__ import annotations

import psycopg
import pytest

from docs_index.errors import IndexAway, IndexDamaged
from docs_index.index import Index
from docs_index.postgres.connections import reason, shown
from tests import postgres
from tests.docs_index.conftest import put


@pytest.fixture(scope="module")
def strange_database(postgres_url: str, worker_id: str) -> str:
    """One that belongs to somebody else, and has no pgvector. `stranger` may log in, and no more."""
    url = postgres.make_database(postgres_url, f"strange_{worker_id}")
    postgres.execute(url, "DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN")
    return url.replace("postgres@", "stranger@")


def open_index(url: str) -> Index:
    return Index(url, embedding_model="words")


def test_a_server_that_is_away_is_named_without_its_password(tmp_path) -> None:
    with pytest.raises(IndexAway, match="The database notes on .* does not answer") as failure:
        open_index(f"postgresql://me:secret@/notes?host={tmp_path}")
    assert "secret" not in str(failure.value)


def test_what_the_server_says_is_passed_on(postgres_url: str) -> None:
    with pytest.raises(IndexAway, match='refuses \\(database "nowhere" does not exist\\). Correct the name, '):
        open_index(postgres_url.replace("/postgres?", "/nowhere?"))


def test_a_server_without_pgvector_is_said_to_lack_it(strange_database: str) -> None:
    with pytest.raises(IndexDamaged, match="lacks pgvector 0.8 or newer.*CREATE EXTENSION vector"):
        open_index(strange_database)


def test_an_account_that_may_make_no_tables_is_told_so(strange_database: str) -> None:
    postgres.execute(strange_database.replace("stranger@", "postgres@"), "CREATE EXTENSION vector")
    with pytest.raises(IndexDamaged, match="does not let Inglenook make its tables.*Make its account the owner"):
        open_index(strange_database)


def test_a_pgvector_that_is_too_old_is_said_to_be(empty_database: str) -> None:
    open_index(empty_database).close()
    there = postgres.execute(empty_database, "SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    say = "UPDATE pg_extension SET extversion = '{}' WHERE extname = 'vector'"
    postgres.execute(empty_database, say.format("0.7.4"))
    try:
        with pytest.raises(IndexDamaged, match="lacks pgvector 0.8 or newer.*ALTER EXTENSION vector UPDATE"):
            open_index(empty_database)
    finally:
        postgres.execute(empty_database, say.format(there[0]))


def test_a_connection_that_was_cut_off_while_idle_is_replaced(empty_database: str) -> None:
    index = open_index(empty_database)
    put(index, "zoo", "1", "lions roar")
    postgres.end_connections(empty_database)
    assert index.collections() == ["zoo"]
    index.close()


def test_one_that_is_cut_off_at_work_loses_its_transaction_alone(empty_database: str) -> None:
    index = open_index(empty_database)
    put(index, "zoo", "1", "lions roar")
    with pytest.raises(IndexAway, match="does not answer"), index._store._connections.writing() as connection:
        connection.execute("DELETE FROM words")
        postgres.end_connections(empty_database)
        connection.execute("DELETE FROM vocabulary")
    assert [passage.text for passage in index.search("lions", None, collections=["zoo"])] == ["lions roar"]
    index.close()


def test_tables_that_are_gone_are_damage(empty_database: str) -> None:
    index = open_index(empty_database)
    postgres.forget_index(empty_database)
    with pytest.raises(IndexDamaged, match="Drop its schema docs_index"):
        index.collections()
    index.close()


def test_what_a_database_cannot_hold_is_held_as_another_sign(empty_database: str) -> None:
    index = open_index(empty_database)
    key = put(index, "zoo", "1", "lions\0roar", name="a\0b.txt")
    extraction = index.text(key)
    assert extraction is not None
    assert extraction.text == "lions\ufffdroar"
    assert index.chunks(key)[0].name == "a\ufffdb.txt"
    assert index._store.read_before("") is None
    assert index.coverage("zoo").vectors == 1  # by the digest of the text that is kept
    index.close()


def test_a_place_without_a_host_is_this_machine() -> None:
    assert shown("postgresql:///notes") == "notes on this machine"
    assert shown("postgresql://me:secret@db.example/notes") == "notes on db.example"


@pytest.mark.parametrize(
    "words, why",
    [
        (
            'connection failed: connection to server at "::1", port 1 failed: Connection refused\n\tIs it up?',
            "Connection refused",
        ),
        (
            'connection failed: FATAL:  password authentication failed for user "me"',
            'password authentication failed for user "me"',
        ),
        ("the connection is closed", "the connection is closed"),
        ("", "OperationalError"),
    ],
)
def test_the_reason_is_told_without_the_address(words: str, why: str) -> None:
    assert reason(psycopg.OperationalError(words)) == why
