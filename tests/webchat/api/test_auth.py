"""Whom a program acts for, once per form that a credential can have."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from webchat.accounts.models import ApiKey, User
from webchat.documents.models import Collection

COLLECTIONS = "/api/collections"
Ask = Callable[..., object]


def bearer(client: Client, user: User) -> dict[str, str]:
    return {"authorization": f"Bearer {ApiKey.objects.make(user, 'test')[1]}"}


def x_api_key(client: Client, user: User) -> dict[str, str]:
    return {"x-api-key": ApiKey.objects.make(user, "test")[1]}


def cookie(client: Client, user: User) -> dict[str, str]:
    client.force_login(user)
    return {}


FORMS = [bearer, x_api_key, cookie]
KEYS = [bearer, x_api_key]


@pytest.fixture
def program(db, accounts_mode: None) -> Client:
    """Where everyone has to prove who they are."""
    return Client(headers={"host": "127.0.0.1"})


@pytest.fixture
def local_program(owner: User) -> Client:
    """On the owner's machine."""
    return Client(headers={"host": "127.0.0.1"}, enforce_csrf_checks=True)


@pytest.mark.parametrize("form", FORMS)
def test_row_14_each_credential_is_its_persons(program: Client, form: Ask, alice: User, bob: User) -> None:
    Collection.objects.create(owner=alice, name="hers")
    Collection.objects.create(owner=bob, name="his")

    response = program.get(COLLECTIONS, headers=form(program, alice))

    assert response.status_code == 200
    assert "hers" in response.content.decode()
    assert "his" not in response.content.decode()


@pytest.mark.parametrize("form", FORMS)
def test_row_22_a_deactivated_persons_credential_is_dead(program: Client, form: Ask, alice: User) -> None:
    headers = form(program, alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert program.get(COLLECTIONS, headers=headers).status_code == 401
    assert program.get("/v1/models", headers=headers).status_code == 401


@pytest.mark.parametrize("form", KEYS)
def test_a_revoked_key_is_dead(program: Client, form: Ask, alice: User) -> None:
    headers = form(program, alice)
    ApiKey.objects.all().delete()

    assert program.get(COLLECTIONS, headers=headers).status_code == 401


def test_row_14_an_address_is_no_credential(program: Client, alice: User) -> None:
    _, secret = ApiKey.objects.make(alice, "test")

    for name in ("api_key", "key", "token", "access_token"):
        assert program.get(COLLECTIONS, {name: secret}).status_code == 401


def test_nobody_is_refused(program: Client) -> None:
    assert program.get(COLLECTIONS).status_code == 401
    refused = program.get("/v1/models")

    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "invalid_api_key"
    assert "Make one" in refused.json()["error"]["message"]


@pytest.mark.parametrize("form", KEYS)
def test_a_bad_key_is_refused_even_on_the_owners_machine(local_program: Client, form: Ask, owner: User) -> None:
    headers = {name: f"{value}x" for name, value in form(local_program, owner).items()}

    assert local_program.get(COLLECTIONS, headers=headers).status_code == 401


def test_row_13_a_key_ignores_the_cookie_beside_it(program: Client, alice: User, bob: User) -> None:
    Collection.objects.create(owner=alice, name="hers")
    cookie(program, alice)

    assert "hers" not in program.get(COLLECTIONS, headers=bearer(program, bob)).content.decode()
    assert program.get(COLLECTIONS, headers={"authorization": "Bearer ink-wrong"}).status_code == 401


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Basic aW5rLXg6",
        "ink-naked",
        "Bearer ink-a, Bearer ink-b",
        "Bearer ['ink-a']",
        "Bearer \x00",
        "bearer ink-",
    ],
)
def test_row_24_odd_credentials_are_refused(program: Client, value: str) -> None:
    assert program.get(COLLECTIONS, headers={"authorization": value}).status_code == 401


def test_row_24_a_key_given_twice_is_not_two(program: Client, alice: User) -> None:
    secret = bearer(program, alice)["authorization"].removeprefix("Bearer ")

    assert program.get(COLLECTIONS, headers={"authorization": f"Bearer {secret}, {secret}"}).status_code == 401
    assert program.get(COLLECTIONS, headers={"x-api-key": f"{secret},{secret}"}).status_code == 401


def test_programs_of_the_owner_need_no_key(local_program: Client) -> None:
    made = local_program.post(COLLECTIONS, {"name": "notes"}, content_type="application/json")

    assert made.status_code in (200, 201)
    assert Collection.objects.get().owner.username == "owner"


def test_a_placeholder_is_ignored_on_the_owners_machine(local_program: Client, program: Client, settings) -> None:
    headers = {"authorization": "Bearer sk-no-key-required"}

    assert program.get(COLLECTIONS, headers=headers).status_code == 401
    settings.LOCAL_OWNER = True
    assert local_program.get(COLLECTIONS, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_row_13_forms_change_nothing(local_program: Client, content_type: str) -> None:
    response = local_program.generic("POST", COLLECTIONS, '{"name": "stolen"}', content_type=content_type)

    assert response.status_code == 415
    assert not Collection.objects.exists()


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.test"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}]
)
def test_row_13_a_foreign_page_changes_nothing(local_program: Client, headers: dict[str, str]) -> None:
    response = local_program.post(COLLECTIONS, {"name": "x"}, content_type="application/json", headers=headers)

    assert response.status_code == 403
    assert "another web page" in response.json()["detail"]


@pytest.mark.parametrize("sent_by", [{"sec-fetch-site": "same-origin"}, {"origin": "http://127.0.0.1"}])
def test_row_13_our_own_page_needs_its_token(local_program: Client, sent_by: dict[str, str]) -> None:
    body = {"name": "x"}
    refused = local_program.post(COLLECTIONS, body, content_type="application/json", headers=sent_by)
    local_program.get("/account/")
    token = {"x-csrftoken": local_program.cookies["inglenook_csrf"].value}
    taken = local_program.post(COLLECTIONS, body, content_type="application/json", headers=sent_by | token)

    assert refused.status_code == 403
    assert taken.status_code in (200, 201)


def test_whoever_comes_through_a_proxy_is_not_the_owner(local_program: Client) -> None:
    assert local_program.get(COLLECTIONS, headers={"x-forwarded-for": "203.0.113.7"}).status_code == 401
