"""Connections to the PostgreSQL server: pooled, one thread at a time on each, errors said in sentences."""

from __future__ import annotations

import selectors
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from pgvector.psycopg import register_vector
from psycopg.conninfo import conninfo_to_dict

from docs_index.errors import IndexAway, IndexDamaged, IndexFull
from docs_index.postgres.connection import Connection
from docs_index.postgres.schema import DAMAGED, SCHEMA, prepare

CONNECT_TIMEOUT_S = 10
REFUSED = "authentication failed", "does not exist", "pg_hba.conf", "no password supplied"  # it is there, and says no


class Connections:
    """Makes the tables where there are none, and lends connections."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._name = shown(url)
        self._idle: deque[Connection] = deque()  # its append and pop are atomic: no lock
        with translated(self._name), self._open() as connection:
            prepare(connection, self._name)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Each statement sees the newest state."""
        with translated(self._name):
            connection = self._lend()
            try:
                yield connection
            finally:
                self._take_back(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, undone by an exception. One writer at a time: each begins by locking the row of state."""
        with self.reading() as connection, connection.transaction():
            connection.execute("UPDATE state SET generation = generation + 1")
            yield connection

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _lend(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if is_alive(connection):
                return connection
            connection.close()
        return self._connect()

    def _take_back(self, connection: Connection) -> None:
        if connection.broken:
            self.close()  # the server went, and the others with it
        elif not connection.closed:
            connection.rollback()
            self._idle.append(connection)

    def _connect(self) -> Connection:
        connection = self._open()
        connection.execute(f"SET search_path = {SCHEMA}, public; SET jit = off")
        register_vector(connection)
        return connection

    def _open(self) -> Connection:
        connection: Connection = psycopg.connect(self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
        return connection


def is_alive(connection: Connection) -> bool:
    """Of one that lies idle: on such a one a server says nothing but goodbye. Asks nobody, so it costs nothing."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection.pgconn.socket, selectors.EVENT_READ)
        return not selector.select(timeout=0)


def shown(url: str) -> str:
    """Server and database as a person knows them, without the password."""
    parts = conninfo_to_dict(url)
    return f"{parts.get('dbname', '')} on {parts.get('host') or 'this machine'}"


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Says in a sentence what PostgreSQL says in a code, where a person can do something about it."""
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise IndexFull(
            f"There is no room on the disk of the database {name} for the document index. Free some and retry."
        ) from error
    except (psycopg.errors.DataCorrupted, psycopg.errors.IndexCorrupted, psycopg.errors.UndefinedTable) as error:
        raise IndexDamaged(DAMAGED.format(name=name)) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise IndexDamaged(
            f"The database {name} does not let Inglenook make its tables ({reason(error)}). Make its account the owner."
        ) from error
    except psycopg.OperationalError as error:
        said = reason(error)
        if any(sign in said for sign in REFUSED):
            raise IndexAway(
                f"The server of the database {name}, which holds the document index, refuses ({said}). "
                "Correct the name, the password or the database in its address, or make them there."
            ) from error
        raise IndexAway(
            f"The database {name}, which holds the document index, does not answer ({said}). "
            "Start it, or correct its address."
        ) from error


def reason(error: psycopg.Error) -> str:
    """What the server, or the system, says, without the address before it."""
    line = next(iter(str(error).splitlines()), type(error).__name__)
    return line.rpartition("failed: ")[2].removeprefix("FATAL:").strip().rstrip(".")
