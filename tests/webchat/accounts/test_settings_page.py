"""A person's settings: password and keys."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from tests.webchat.conftest import PASSWORD
from webchat.accounts.models import ApiKey, User


def test_a_key_is_shown_once(owner_client: Client) -> None:
    made = owner_client.post("/account/keys/", {"name": "notes"}).content.decode()
    secret = re.search(r"ink-[\w-]{40,}", made).group()

    assert ApiKey.objects.owner_of(secret).username == "owner"
    assert secret not in owner_client.get("/account/").content.decode()


def test_htmx_gets_the_list_alone(owner_client: Client) -> None:
    response = owner_client.post("/account/keys/", {"name": "notes"}, headers={"hx-request": "true"})

    assert response.templates[0].name == "accounts/_keys.html"
    assert "no-store" in response.headers["Cache-Control"]


def test_a_key_without_a_name_is_not_made(owner_client: Client) -> None:
    assert "required" in owner_client.post("/account/keys/", {"name": " "}).content.decode()
    assert not ApiKey.objects.exists()


def test_row_29_a_name_of_a_key_is_text(owner_client: Client) -> None:
    page = owner_client.post("/account/keys/", {"name": "<img src=x onerror=alert(1)>"}).content.decode()

    assert "<img src=x" not in page


def test_it_revokes_a_key(owner_client: Client, owner: User) -> None:
    key, secret = ApiKey.objects.make(owner, "notes")

    owner_client.post(f"/account/keys/{key.pk}/revoke/")

    assert ApiKey.objects.owner_of(secret) is None


def test_row_17_a_stranger_cannot_revoke_it(client_of: Callable[[User], Client], alice: User, bob: User) -> None:
    key, _ = ApiKey.objects.make(alice, "notes")

    assert client_of(bob).post(f"/account/keys/{key.pk}/revoke/").status_code == 404
    assert ApiKey.objects.filter(pk=key.pk).exists()


def test_the_owner_sets_a_password(owner_client: Client, owner: User) -> None:
    words = {"new_password1": "a long enough secret", "new_password2": "a long enough secret"}

    assert owner_client.post("/account/password/", words).status_code == 302
    owner.refresh_from_db()
    assert owner.check_password("a long enough secret")


@pytest.mark.parametrize("second", ["something else", ""])
def test_two_different_passwords_change_nothing(owner_client: Client, owner: User, second: str) -> None:
    response = owner_client.post(
        "/account/password/", {"new_password1": "a long enough secret", "new_password2": second}
    )

    assert response.status_code == 200
    owner.refresh_from_db()
    assert not owner.has_usable_password()


def test_a_change_needs_the_old_password(client_of: Callable[[User], Client], alice: User) -> None:
    words = {"new_password1": "a long enough secret", "new_password2": "a long enough secret"}
    client = client_of(alice)

    assert client.post("/account/password/", words).status_code == 200
    assert client.post("/account/password/", words | {"old_password": PASSWORD}).status_code == 302
    assert client.get("/account/").status_code == 200, "the device that changed it stays logged in"


def test_the_command_prints_a_key_of_the_owner(db, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "scripts")

    assert ApiKey.objects.owner_of(capsys.readouterr().out.strip()).username == "owner"


def test_the_command_names_an_account_that_is_missing(db) -> None:
    with pytest.raises(CommandError, match="no active account “carol”"):
        call_command("create_api_key", "scripts", user="carol")


def test_the_command_works_before_anything_was_started(tmp_path: Path) -> None:
    env = os.environ | {"INGLENOOK_DATA_DIR": str(tmp_path / "new"), "DJANGO_SETTINGS_MODULE": "webchat.settings"}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "create_api_key", "scripts"]
    made = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)

    assert made.returncode == 0, made.stderr
    assert re.fullmatch(r"ink-\S+\n", made.stdout)
