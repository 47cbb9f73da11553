"""One `serve` for one database: the other's files lie on the other's computer, and each would take them for gone.

The database remembers who serves it by a lock that ends with the connection, however a computer ends.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any

import psycopg

SERVING = 0x1E6  # an advisory lock, two numbers so that none of the document index's is meant
NUMBER = 1
NAME = "Inglenook on "  # of the connection; beside it the computer's
PATIENCE_S = 5.0  # for the connection of one that was just killed
# A computer that was cut off is noticed by the other side within a minute, not after the two hours that are usual.
NOTICE = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
ALERT: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "tcp_user_timeout": 20_000,
}
HOLDER = """SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            JOIN pg_database d ON d.oid = l.database
            WHERE l.locktype = 'advisory' AND l.classid = %s AND l.objid = %s AND l.granted
            AND d.datname = current_database()"""


class ServedElsewhere(Exception):
    """Another `serve` has this database. `str(error)` says where, and what to do."""

    def __init__(self, computer: str) -> None:
        super().__init__(
            f"Another Inglenook serves this database, on the computer {computer}: one at a time can. "
            "Stop that one, or let this computer help it: .venv/bin/python manage.py embed"
        )


class SoleServer:
    """Holds the place until `close`. Not safe to share between threads."""

    def __init__(self, url: str) -> None:
        """Raises ServedElsewhere when the place is taken, and psycopg.Error when the database cannot be asked."""
        self._url = url
        self._connection = self._held()

    def keep(self) -> None:
        """Takes the place again when the database was away meanwhile; while it is, does nothing.

        Raises ServedElsewhere when another was quicker.
        """
        with suppress(psycopg.OperationalError):
            try:
                self._connection.execute("SELECT 1")
            except psycopg.OperationalError:
                self._connection.close()
                self._connection = self._held()

    def close(self) -> None:
        self._connection.close()

    def _held(self) -> psycopg.Connection[tuple[Any, ...]]:
        name = NAME + socket.gethostname()[:40]
        connection: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(
            self._url, autocommit=True, application_name=name, **ALERT
        )
        connection.execute(NOTICE)
        until = time.monotonic() + PATIENCE_S
        while not self._takes(connection):
            if time.monotonic() > until:
                holder = connection.execute(HOLDER, [SERVING, NUMBER]).fetchone()
                connection.close()
                raise ServedElsewhere(holder[0].removeprefix(NAME) if holder else "that just let go of it")
            time.sleep(0.2)
        return connection

    @staticmethod
    def _takes(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
        row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", [SERVING, NUMBER]).fetchone()
        return row is not None and bool(row[0])
