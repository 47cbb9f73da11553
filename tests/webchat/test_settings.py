"""Mistakes in the environment end with a sentence that names the setting, and never show a secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from webchat.environment import environment
from webchat.postgres.address import database_at

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "url",
    [
        "hello",
        "mysql://me:secret@host/notes",
        "postgresql://me:secret@host:port/notes",
        "postgresql://me:secret#1@host/notes",
        "postgresql://me:secret@host/notes?colour=red",
    ],
)
def test_what_is_no_address_of_a_database_is_refused(url: str) -> None:
    with pytest.raises(
        ImproperlyConfigured, match="looks like this: postgresql://name:password@host/database"
    ) as refusal:
        database_at(url)
    assert "secret" not in str(refusal.value)


def test_a_value_that_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGLENOOK_PORT", "harbour")
    monkeypatch.setenv("INGLENOOK_PARALLEL", "0")
    with pytest.raises(ImproperlyConfigured, match="INGLENOOK_PORT does not fit: .* INGLENOOK_PARALLEL does not fit: "):
        environment()


def test_every_command_ends_with_that_sentence_alone(tmp_path: Path) -> None:
    env = os.environ | {
        "INGLENOOK_DATA_DIR": str(tmp_path),
        "INGLENOOK_DATABASE_URL": "hello",
        "DJANGO_SETTINGS_MODULE": "webchat.settings",
    }
    run = subprocess.run(
        [sys.executable, "manage.py", "serve"], cwd=PROJECT, env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert run.stderr.startswith("INGLENOOK_DATABASE_URL is not the address of a PostgreSQL database.")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["serve", "embed"])
def test_a_server_that_is_away_is_said_before_anything_starts(command: str, settings, tmp_path: Path) -> None:
    settings.DATABASE_URL = f"postgresql://me:secret@/notes?host={tmp_path}"
    with pytest.raises(
        CommandError, match="The database notes on .* does not answer .* Start it, or correct its address"
    ):
        call_command(command)
