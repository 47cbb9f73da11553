"""The search page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from webchat.documents import cutting, search_views, shelf
from webchat.documents.models import Collection, Document
from webchat.library import engine

Put = Callable[..., Document]


@pytest.fixture(autouse=True)
def letters(put: Put, index_all: Callable[[], int]) -> None:
    put("sea/tides.txt", "The highest tide stood at seven meters.")
    put("bread.md", "Rye bread rests for eighteen hours.")
    put("copies/bread.txt", "Rye  bread rests for eighteen hours.")
    index_all()


@pytest.fixture
def as_alice(client_of: Callable[..., Client], alice) -> Client:
    return client_of(alice)


def search(client: Client, query: str, **headers: str) -> str:
    return unescape(client.get(reverse("documents:search") + query, headers=headers).text)


def test_it_finds_passages_and_links_to_the_place(as_alice: Client) -> None:
    page = search(as_alice, "?q=rye+bread")
    document = Document.objects.get(name="bread.md")
    assert f"{reverse('documents:document', args=[document.pk])}?start=0&end=35#passage" in page
    assert "<mark>Rye</mark>" in page


def test_it_says_why_in_plain_words(as_alice: Client) -> None:
    assert "Found by words: “Rye bread” (1st), and by meaning (1st)." in search(as_alice, "?q=rye+bread")


def test_it_leads_to_the_other_places_that_say_the_same(as_alice: Client) -> None:
    page = search(as_alice, "?q=rye+bread")
    copy = Document.objects.get(name="copies/bread.txt")
    assert "1 more place says the same" in page
    assert f"{reverse('documents:document', args=[copy.pk])}?start=0&end=36#passage" in page


def test_while_the_embedder_loads_words_come_at_once_and_meaning_follows(as_alice: Client, monkeypatch) -> None:
    async def takes_its_time(*_: object, model: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(engine, "embed", takes_its_time)
    monkeypatch.setattr(search_views, "PATIENCE_S", 0.01)
    page = search(as_alice, "?q=rye+bread")
    assert "bread.md" in page and "follows by itself" in page
    assert 'hx-get="?q=rye+bread" hx-trigger="load delay:2s"' in page
    monkeypatch.undo()
    assert "follows by itself" not in search(as_alice, "?q=rye+bread", hx_request="true")


def test_htmx_gets_the_results_alone(as_alice: Client) -> None:
    response = as_alice.get(reverse("documents:search") + "?q=rye", headers={"hx-request": "true"})
    assert "HX-Request" in response.headers["Vary"]  # or the way back to this address shows them alone
    assert "bread.md" in response.text
    assert "<html" not in response.text


@pytest.mark.parametrize(
    "filters, is_found",
    [
        ("kind=text", True),
        ("kind=pdf", False),
        ("kind=pdf&kind=text", True),
        ("name=brea", True),
        ("name=*.md", True),
        ("name=tides", False),
        ("folder=copies", True),
        ("folder=sea", False),
        ("since=2001-01-01&until=2100-01-01", True),
        ("since=0001-01-01&until=9999-12-31", True),
        ("until=2001-01-01", False),
        ("since=2100-01-01", False),
    ],
)
def test_filters_keep_to_some_files(as_alice: Client, filters: str, is_found: bool) -> None:
    page = search(as_alice, f"?q=rye+bread&{filters}", **{"hx-request": "true"})
    assert ("Rye" in page) is is_found


def test_a_file_counts_on_the_day_it_was_added(as_alice: Client) -> None:
    before, after = timezone.localdate() - timedelta(days=30), timezone.localdate() - timedelta(days=20)
    between = f"?q=rye+bread&since={before}&until={after}"
    assert "Rye" not in search(as_alice, between)
    Document.objects.filter(name="bread.md").update(added=timezone.now() - timedelta(days=25))
    assert "bread.md" in search(as_alice, between)


def test_a_file_of_a_folder_counts_on_the_day_it_was_changed_there(as_alice: Client) -> None:
    long_ago = "?q=rye+bread&since=2009-03-01&until=2009-03-01"
    assert "Rye" not in search(as_alice, long_ago)
    noon = int(datetime(2009, 3, 1, 12, tzinfo=UTC).timestamp())
    Document.objects.filter(name="bread.md").update(mtime_ns=noon * 10**9)
    assert "bread.md" in search(as_alice, long_ago)


def test_cutting_texts_anew_makes_no_file_count_as_changed(as_alice: Client, index_all: Callable[[], int]) -> None:
    then = timezone.now() - timedelta(days=25)
    Document.objects.update(added=then, indexed=then)
    cutting.change_to(120)
    assert index_all() == 3
    assert "Rye" not in search(as_alice, f"?q=rye+bread&since={timezone.localdate() - timedelta(days=20)}")


def test_a_new_version_of_a_file_makes_it_count_as_changed(
    as_alice: Client, put: Put, index_all: Callable[[], int]
) -> None:
    then = timezone.now() - timedelta(days=25)
    Document.objects.update(added=then, indexed=then)
    put("bread.md", "Rye bread rests for twenty hours.")
    index_all()
    page = search(as_alice, f"?q=rye+bread&since={timezone.localdate() - timedelta(days=20)}")
    assert "twenty hours" in page and "copies" not in page


def test_it_keeps_to_one_file(as_alice: Client) -> None:
    copy = Document.objects.get(name="copies/bread.txt")
    page = search(as_alice, f"?q=rye+bread+tide&d={copy.pk}")
    assert "Only in bread.txt" in page
    assert "tides.txt" not in page
    assert "more place" not in page


def test_it_keeps_to_the_chosen_collections(as_alice: Client, alice) -> None:
    other = Collection.objects.create(owner=alice, name="Empty")
    assert "Nothing found" in search(as_alice, f"?q=rye&c={other.pk}")


def test_a_span_of_time_that_ends_before_it_begins_is_named(as_alice: Client) -> None:
    assert "“Since” is later than “until”" in search(as_alice, "?q=rye&since=2024-02-01&until=2024-01-01")


def test_a_date_that_is_none_is_named(as_alice: Client) -> None:
    assert "“Since” is no date." in search(as_alice, "?q=rye&since=yesterday")


def test_row_16_what_belongs_to_somebody_else_is_not_searched(
    client_of: Callable[..., Client], bob, shelf_of_alice: Collection
) -> None:
    as_bob = client_of(bob)
    assert "bread" not in search(as_bob, "?q=tide")
    assert "Rye" not in search(as_bob, f"?q=rye&c={shelf_of_alice.pk}")
    document = Document.objects.get(name="bread.md")
    assert as_bob.get(reverse("documents:search") + f"?q=rye&d={document.pk}").status_code == 404


def test_without_the_embedder_it_says_so(as_alice: Client, settings) -> None:
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"inference_url": ""})
    page = search(as_alice, "?q=rye")
    assert shelf.WORDS_ONLY in page
    assert "Found by words: “Rye” (1st), not by meaning." in page


@pytest.mark.parametrize(
    "query",
    ["", "?q=", "?q=%22", "?q=NEAR(&c=x", "?q=%00", "?c=99999999999999999999", "?q=a&d=x&n=x&kind=x", "?q=a&name=%00"],
)
def test_odd_questions_are_answered(as_alice: Client, query: str) -> None:
    assert as_alice.get(reverse("documents:search") + query).status_code == 200


def test_more_are_shown_on_demand(as_alice: Client, put: Put, index_all: Callable[[], int]) -> None:
    for number in range(25):
        put(f"lake/{number}.txt", f"Lake number {number} is deep.")
    index_all()
    page = search(as_alice, "?q=lake&folder=lake")
    assert "?q=lake&folder=lake&n=40" in page
    assert page.count('class="card result"') == 20
    assert search(as_alice, "?q=lake&folder=lake&n=40").count('class="card result"') == 25
