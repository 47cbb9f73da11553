"""Requests that other web pages make in the owner's browser."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from webchat.accounts.models import ApiKey

KEYS = "/account/keys/"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # another port of localhost
        {"origin": "http://evil.test"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "https://127.0.0.1"},
        {"origin": "http://127.0.0.1, http://evil.test"},
        {"origin": ""},
    ],
)
def test_row_13_a_foreign_page_changes_nothing(owner_client: Client, headers: dict[str, str]) -> None:
    response = owner_client.post(KEYS, {"name": "stolen"}, headers=headers)

    assert response.status_code == 403
    assert "came from another web page" in response.content.decode()
    assert not ApiKey.objects.exists()


def test_our_own_page_may(owner_client: Client) -> None:
    headers = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}

    assert owner_client.post(KEYS, {"name": "mine"}, headers=headers).status_code == 200
    assert ApiKey.objects.get().name == "mine"


def test_row_13_a_page_without_its_token_changes_nothing(owner) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1"})

    response = client.post(KEYS, {"name": "stolen"}, headers={"sec-fetch-site": "same-origin"})

    assert response.status_code == 403
    assert not ApiKey.objects.exists()


def test_a_link_from_elsewhere_opens(owner_client: Client) -> None:
    assert owner_client.get("/account/", headers={"sec-fetch-site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/account/", "/models/", "/documents/", "/health", "/v1/models", "/api/docs"])
def test_row_11_a_foreign_name_of_this_machine_is_refused(owner_client: Client, path: str) -> None:
    response = owner_client.get(path, headers={"host": "evil.test"})

    assert response.status_code == 400
    assert "INGLENOOK_ALLOWED_HOSTS" in response.content.decode()


def test_row_11_the_refusal_shows_nothing_of_the_owner(owner_client: Client) -> None:
    page = owner_client.get("/", headers={"host": "evil.test"}).content.decode()

    assert "sidebar" not in page
    assert "owner" not in page


def test_a_name_in_a_refusal_is_escaped(owner_client: Client) -> None:
    page = owner_client.get("/", headers={"host": "<script>alert(1)</script>"}).content.decode()

    assert "<script>alert" not in page


def test_row_11_no_file_is_served_to_a_foreign_name(owner_client: Client) -> None:
    (Path(settings.STATIC_ROOT) / "plain.css").write_text("p {}")

    with closing(owner_client.get("/static/plain.css")) as served:
        assert served.status_code == 200
    assert owner_client.get("/static/plain.css", headers={"host": "evil.test"}).status_code == 400


def test_more_text_than_a_form_may_hold_is_told_apart(owner_client: Client) -> None:
    response = owner_client.post("/", {"text": "x" * 4_100_000})

    assert response.status_code == 413
    assert "More than 4 MB of text came at once" in response.content.decode()
