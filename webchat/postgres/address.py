"""A PostgreSQL server's address, as a person writes it → the database as Django knows it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured


def database_at(url: str) -> dict[str, Any]:
    """The server at `url` as Django knows it. Needs the extra `postgres`."""
    try:
        import dj_database_url
        import psycopg
    except ImportError as error:
        raise ImproperlyConfigured(
            "INGLENOOK_DATABASE_URL is set, but what speaks to PostgreSQL is not installed. "
            "Run: .venv/bin/python -m pip install --editable '.[postgres]'"
        ) from error
    try:
        if not url.startswith(("postgresql://", "postgres://")):
            raise ValueError
        psycopg.conninfo.conninfo_to_dict(url)
        return dict(dj_database_url.parse(url, engine="webchat.postgres"))
    except (psycopg.ProgrammingError, ValueError):  # whose words may hold the password
        raise ImproperlyConfigured(
            "INGLENOOK_DATABASE_URL is not the address of a PostgreSQL database. It looks like this: "
            "postgresql://name:password@host/database, where signs like @ : / ? # in a name or password are written as "
            "%40 %3A %2F %3F %23."
        ) from None
