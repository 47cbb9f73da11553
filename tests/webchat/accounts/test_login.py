"""Logging in and out."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.webchat.conftest import PASSWORD
from webchat.accounts.models import User
from webchat.accounts.throttle import LONGEST_WAIT_S, REMEMBERED, Throttle, logins

LOGIN = "/account/login/"
pytestmark = pytest.mark.usefixtures("accounts_mode")


@pytest.fixture
def client(db) -> Client:
    return Client(headers={"host": "127.0.0.1"})


@pytest.fixture(autouse=True)
def forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_failures", type(logins._failures)())


def log_in(client: Client, username: str = "alice", password: str = PASSWORD, **more: str):
    return client.post(LOGIN, {"username": username, "password": password, **more})


def test_it_lets_a_person_in(client: Client, alice: User) -> None:
    assert log_in(client, next="/account/").url == "/account/"
    assert "alice" in client.get("/account/").content.decode()


def test_a_wrong_password_is_said_plainly(client: Client, alice: User) -> None:
    response = log_in(client, password="wrong")

    assert response.status_code == 200
    assert "correct username and password" in response.content.decode()


@pytest.mark.parametrize(
    "target", ["//evil.test", "https://evil.test/", "/\\evil.test", "javascript:alert(1)", "http:evil.test"]
)
def test_row_42_it_does_not_lead_elsewhere(client: Client, alice: User, target: str) -> None:
    assert log_in(client, next=target).url == "/"


def test_row_22_a_deactivated_person_stays_out(client: Client, alice: User) -> None:
    log_in(client)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert client.get("/account/").status_code == 302
    assert log_in(client).status_code == 200, "the form again"


@pytest.mark.parametrize("password", [["a", "b"], [""], ["correct horse battery", "wrong"], ["\0"]])
def test_row_24_odd_credentials_are_refused(client: Client, alice: User, password: list[str]) -> None:
    response = client.post(LOGIN, {"username": ["alice", "alice"], "password": password})

    assert response.status_code == 200
    assert client.get("/account/").status_code == 302


def test_guessing_is_slowed_down(client: Client, alice: User) -> None:
    for _ in range(5):
        log_in(client, password="wrong")

    refused = log_in(client)

    assert "Too many tries" in refused.content.decode()


def test_guessing_at_one_door_slows_the_other(client: Client, alice: User) -> None:
    for _ in range(5):
        log_in(client, password="wrong")

    response = client.post("/admin/login/", {"username": "alice", "password": PASSWORD})

    assert "Too many tries" in response.content.decode()


def test_waits_double_up_to_a_minute() -> None:
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])
    waits = []
    for _ in range(12):
        throttle.failed("alice")
        waits.append(throttle.wait_s("alice"))

    assert waits[:7] == [0, 0, 0, 0, 2, 4, 8]
    assert waits[-1] == LONGEST_WAIT_S
    now[0] = 61
    assert throttle.wait_s("alice") == 0


def test_guessers_cannot_fill_the_memory() -> None:
    throttle = Throttle()
    for number in range(REMEMBERED + 10):
        throttle.failed(number)

    assert len(throttle._failures) == REMEMBERED


def test_it_lets_a_person_out(client: Client, alice: User) -> None:
    log_in(client)

    assert client.post("/account/logout/").url == LOGIN
    assert client.get("/account/").status_code == 302


def test_htmx_is_sent_to_the_login_as_a_whole_page(client: Client) -> None:
    response = client.get("/account/", headers={"hx-request": "true"})

    assert response.status_code == 204
    assert response.headers["HX-Redirect"] == LOGIN
