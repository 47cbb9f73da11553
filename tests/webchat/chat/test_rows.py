"""Renaming, deleting and bringing back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from webchat.chat.models import Conversation

pytestmark = pytest.mark.django_db
HTMX = {"hx_request": "true", "hx_current_url": "http://127.0.0.1/documents/"}


@pytest.fixture
def post(client_of, alice, conversation):
    client = client_of(alice)

    def post(name: str, *, headers=HTMX, **fields: str):
        return client.post(reverse(f"chat:{name}", args=[conversation.pk]), fields, headers=headers)

    return post


def test_it_is_renamed(post, conversation):
    page = post("rename", title="  Bread\n and <i>butter</i>  ").content.decode()
    assert "Bread and &lt;i&gt;butter&lt;/i&gt;" in page
    conversation.refresh_from_db()
    assert (conversation.title, conversation.has_own_title) == ("Bread and <i>butter</i>", True)


def test_an_empty_name_changes_nothing(post, conversation):
    post("rename", title="Bread")
    post("rename", title="  ")
    conversation.refresh_from_db()
    assert conversation.title == "Bread"


@pytest.mark.parametrize("title", ["x" * 300, "../../etc", "a\x00b", "\u202egnp.exe", "CON", "%2e%2e"])
def test_row_33_any_name_is_only_a_name(post, conversation, title):
    assert post("rename", title=title).status_code == 200
    conversation.refresh_from_db()
    assert 0 < len(conversation.title) <= 120


def test_renaming_the_open_one_renames_the_page(post, conversation):
    here = {**HTMX, "hx_current_url": f"http://127.0.0.1/c/{conversation.pk}/"}
    assert 'id="chat-title"' in post("rename", headers=here, title="Bread").content.decode()
    assert 'id="chat-title"' not in post("rename", title="Butter").content.decode()


def test_it_is_deleted_and_brought_back(client_of, alice, post, conversation):
    assert "Undo" in post("delete").content.decode()
    assert not Conversation.objects.readable_by(alice).exists()
    assert reverse("chat:conversation", args=[conversation.pk]) in post("undelete").content.decode()
    assert Conversation.objects.readable_by(alice).get() == conversation


def test_deleting_the_open_one_leads_home_where_it_can_be_undone(client_of, alice, post, conversation):
    here = {**HTMX, "hx_current_url": f"http://127.0.0.1/c/{conversation.pk}/"}
    response = post("delete", headers=here)
    home = f"/?deleted={conversation.pk}"
    assert response["HX-Redirect"] == home
    page = client_of(alice).get(home).content.decode()
    assert "Undo" in page and reverse("chat:undelete", args=[conversation.pk]) in page
    response = post("undelete", headers={})
    assert response.url == reverse("chat:conversation", args=[conversation.pk])


def test_home_offers_no_undo_for_what_is_not_ones_own(client_of, bob, post, conversation):
    post("delete")
    assert "Undo" not in client_of(bob).get(f"/?deleted={conversation.pk}").content.decode()
    for nonsense in ("x", "²", "9" * 40):
        assert client_of(bob).get(f"/?deleted={nonsense}&collection={nonsense}").status_code == 200


def test_what_was_deleted_a_day_ago_is_removed_for_good(alice, bob, post):
    long_ago = timezone.now() - timedelta(days=2)
    Conversation.objects.create(owner=alice, deleted=long_ago)
    bobs = Conversation.objects.create(owner=bob, deleted=long_ago)
    fresh = Conversation.objects.create(owner=alice, deleted=timezone.now())
    post("delete")
    assert set(Conversation.objects.exclude(deleted=None).values_list("pk", flat=True)) >= {bobs.pk, fresh.pk}
    assert Conversation.objects.filter(owner=alice, deleted=long_ago).count() == 0
