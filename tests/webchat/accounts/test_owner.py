"""Local owner mode: who is taken for the owner of this machine."""

from __future__ import annotations

import threading

import pytest
from django.db import connections
from django.test import Client

from webchat.accounts.models import User
from webchat.accounts.owner import is_local, owner


def test_it_makes_the_owner_on_first_need(db) -> None:
    made = owner()

    assert made.is_staff and made.is_superuser
    assert not made.has_usable_password()
    assert owner() == made


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_make_one_owner() -> None:
    def ask() -> None:
        owner()
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert User.objects.filter(username="owner").count() == 1


def test_the_owner_needs_no_login(owner_client: Client) -> None:
    assert owner_client.get("/account/").status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_names_of_this_machine_are_local(host: str) -> None:
    assert is_local({"host": host})


def test_a_name_added_in_the_settings_is_not_local(settings) -> None:
    settings.EXTRA_HOSTS = ["chat.example"]

    assert not is_local({"host": "chat.example"})
    assert is_local({"host": "localhost"})


def test_with_any_name_allowed_only_loopback_is_local(settings) -> None:
    settings.EXTRA_HOSTS = ["*"]

    assert not is_local({"host": "evil.test"})
    assert is_local({"host": "127.0.0.1:8000"})


@pytest.mark.parametrize("header", ["forwarded", "x-forwarded-for", "x-real-ip"])
def test_whoever_comes_through_a_proxy_logs_in(owner_client: Client, header: str) -> None:
    response = owner_client.get("/account/", headers={header: "203.0.113.7"})

    assert response.status_code == 302
    assert response.url.startswith("/account/login/")


def test_it_is_off_when_bound_to_the_network(accounts_mode: None, owner_client: Client) -> None:
    assert owner_client.get("/account/").status_code == 302
