"""Opening Inglenook to the network."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from webchat.accounts.exposure import refusal
from webchat.accounts.models import User


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.53"])
def test_this_machine_alone_needs_no_password(db, host: str) -> None:
    assert refusal(host) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "chat.example"])
def test_row_45_the_network_is_refused_without_a_password(db, host: str) -> None:
    sentence = refusal(host)

    assert host in sentence
    assert "python manage.py createsuperuser" in sentence


def test_row_45_an_owner_without_a_password_is_no_account(owner: User) -> None:
    assert "changepassword owner" in refusal("0.0.0.0")


def test_row_45_a_deactivated_account_does_not_count(alice: User) -> None:
    User.objects.update(is_active=False)

    assert refusal("0.0.0.0") is not None


def test_an_account_with_a_password_opens_the_network(alice: User) -> None:
    assert refusal("0.0.0.0") is None


def test_row_45_no_page_of_another_origin_may_read(owner_client) -> None:
    for path in ("/v1/models", "/api/openapi.json", "/account/"):
        response = owner_client.get(path, headers={"origin": "http://evil.test"})
        assert "Access-Control-Allow-Origin" not in response.headers, path


def test_row_45_deployment_checks_are_clean(db) -> None:
    call_command("check", deploy=True, fail_level="WARNING")
