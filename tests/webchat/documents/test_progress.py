"""What the page says of work under way, and the button that stops it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from webchat.documents import roll
from webchat.documents.line import Line
from webchat.documents.models import Collection, Document, Status, Step
from webchat.documents.progress import Progress, Work, progress_of, rounded

Put = Callable[..., Document]


@pytest.fixture
def as_alice(client_of: Callable[..., Client], alice) -> Client:
    return client_of(alice)


@pytest.fixture
def half_done(shelf_of_alice: Collection) -> Collection:
    """One file ready, one with half of its vectors, one not read, one failed."""
    facts = [
        {"status": Status.INDEXED, "passages": 100, "vectors": 100, "shown": "0" * 64},
        {"status": Status.QUEUED, "step": Step.EMBED, "passages": 100, "vectors": 50, "shown": "0" * 64},
        {"status": Status.QUEUED},
        {"status": Status.FAILED},
    ]
    for n, fact in enumerate(facts):
        Document.objects.create(collection=shelf_of_alice, name=f"{n}.txt", digest="0" * 64, size_bytes=80_000, **fact)
    return shelf_of_alice


def page(client: Client, collection: Collection) -> str:
    return " ".join(client.get(reverse("documents:detail", args=[collection.pk])).text.split())


def test_the_page_says_what_is_found_how_and_how_long_it_takes(as_alice: Client, half_done: Collection) -> None:
    roll.sign_on("here:1:1.0", 0.5)
    text = page(as_alice, half_done)
    assert "2 of 3 files found by words" in text
    assert "150 of about 300 passages by meaning" in text
    assert "about 5 minutes left" in text


def test_nothing_is_said_of_the_time_before_it_is_known(as_alice: Client, half_done: Collection) -> None:
    assert " left<" not in page(as_alice, half_done)


def test_what_others_have_waiting_counts_as_far_as_it_comes_in_between(
    half_done: Collection, shelf_of_bob: Collection
) -> None:
    roll.sign_on("here:1:1.0", 1.0)
    alone = progress_of(half_done).left_s
    waiting = {"status": Status.QUEUED, "step": Step.EMBED, "size_bytes": 1, "digest": "1" * 64}
    Document.objects.create(collection=shelf_of_bob, name="big.txt", passages=90_000, **waiting)
    assert (alone, progress_of(half_done).left_s) == (150, 300)
    Collection.objects.filter(pk=shelf_of_bob.pk).update(is_paused=True)
    assert progress_of(half_done).left_s == 150


def test_pausing_stops_the_line_and_going_on_lets_it_run(as_alice: Client, half_done: Collection) -> None:
    url = reverse("documents:pause", args=[half_done.pk])
    answer = as_alice.post(url, {"paused": "yes"}).text
    assert "Go on" in answer
    assert "<strong>Paused</strong>" in answer
    assert Line("w", Step.READ).take() == Line("w", Step.EMBED).take(documents=9) == []
    assert "Pause</button>" in as_alice.post(url, {"paused": "no"}).text
    assert [claim.name for claim in Line("w", Step.READ).take()] == ["2.txt"]


def test_a_stranger_pauses_nothing(as_alice: Client, shelf_of_bob: Collection) -> None:
    assert as_alice.post(reverse("documents:pause", args=[shelf_of_bob.pk]), {"paused": "yes"}).status_code == 404
    assert not Collection.objects.get(pk=shelf_of_bob.pk).is_paused


def test_the_table_is_sent_again_when_only_the_figures_have_changed(as_alice: Client, half_done: Collection) -> None:
    url = reverse("documents:files", args=[half_done.pk])
    seen = as_alice.get(url).text.split("seen=")[1].split('"')[0]
    assert as_alice.get(url, {"seen": seen}).status_code == 204
    roll.sign_on("here:1:1.0", 20.0)
    assert as_alice.get(url, {"seen": seen}).status_code == 200


def test_the_page_is_told_when_nothing_moves_any_more(as_alice: Client, half_done: Collection) -> None:
    url = reverse("documents:files", args=[half_done.pk])
    assert "HX-Trigger" not in as_alice.get(url).headers
    Document.objects.exclude(status=Status.FAILED).update(status=Status.INDEXED)
    assert as_alice.get(url).headers["HX-Trigger"] == "settled"


def test_the_first_files_do_not_speak_for_all() -> None:
    begun = Work(1, files=90, read_files=1, unread_bytes=300_000, read_bytes=5_000, passages=1)
    assert begun.expected > 300
    assert Work(1, files=90, read_files=1, unread_bytes=900, read_bytes=100, passages=1).expected == 90
    told = Work(1, files=2, read_files=1, unread_bytes=10**7, read_bytes=10**7, passages=100)
    assert 200 <= told.expected < 300


def test_an_estimate_has_two_figures() -> None:
    assert [rounded(number) for number in (7, 64, 649, 18_220)] == [7, 64, 650, 18_000]


def test_work_that_is_not_done_is_never_said_to_be() -> None:
    work = Work(1, files=2, read_files=2, read_bytes=10, passages=1000, vectors=1000)
    assert Progress(work, 0.0, None, is_paused=False).percent == 99
