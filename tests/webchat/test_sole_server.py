"""One `serve` for one database, wherever the other one stands."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest
from django.core.management import CommandError, call_command

from tests import postgres
from webchat.postgres import sole_server
from webchat.postgres.sole_server import ServedElsewhere, SoleServer


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sole_server, "PATIENCE_S", 0.3)


def test_a_second_one_is_told_where_the_first_one_is(
    empty_database: str, settings, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATABASE_URL, settings.DATA_DIR = empty_database, tmp_path
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "attic")
        first = SoleServer(empty_database)
    with closing(first), pytest.raises(CommandError, match="on the computer attic: .* manage.py embed"):
        call_command("serve")
    SoleServer(empty_database).close()  # once the first one has gone


def test_it_takes_its_place_again_after_an_outage(empty_database: str) -> None:
    with closing(SoleServer(empty_database)) as first:
        with postgres.outage(empty_database):
            first.keep()
        first.keep()
        with pytest.raises(ServedElsewhere):
            SoleServer(empty_database)


def test_it_gives_way_to_one_that_was_quicker_then(empty_database: str) -> None:
    with closing(SoleServer(empty_database)) as first:
        postgres.end_connections(empty_database)
        with closing(SoleServer(empty_database)), pytest.raises(ServedElsewhere):
            first.keep()
