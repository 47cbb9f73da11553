"""What the staff's Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.webchat.library.test_page import HTMX, states_when
from webchat.accounts.models import User
from webchat.library.models import LanguageModel


@pytest.mark.usefixtures("echo_service")
def test_it_shows_what_the_service_measures(owner_client: Client, echo: LanguageModel) -> None:
    owner_client.post(f"/models/{echo.pk}/load/", headers=HTMX)
    states_when(owner_client, "Loaded")

    response = owner_client.get("/metrics")

    assert response.headers["content-type"].startswith("text/plain")
    assert f'inglenook_runner_state{{runner="{echo.name}",kind="echo",state="ready"}} 1' in response.content.decode()
    owner_client.post(f"/models/{echo.pk}/unload/", headers=HTMX)


def test_it_is_for_staff(client_of: Callable[[User], Client], alice: User) -> None:
    assert client_of(alice).get("/metrics").status_code == 403


def test_without_a_service_it_says_so(owner_client: Client) -> None:
    response = owner_client.get("/metrics")

    assert response.status_code == 503
    assert "manage.py serve" in response.content.decode()
