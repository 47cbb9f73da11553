"""A worker's hold on a document: who may have it, and when it is lost."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import psutil
from django.utils import timezone

from webchat.documents import claims, removal
from webchat.documents.models import MAX_ATTEMPTS, Document, Status

ELSEWHERE = "elsewhere:7:1.00"


def test_each_document_is_claimed_once_in_order(put: Callable[..., Document]) -> None:
    put("b.txt", "b")
    put("a.txt", "a")
    assert [claims.take("w").name, claims.take("v").name, claims.take("w")] == ["b.txt", "a.txt", None]


def test_a_held_document_is_finished(put: Callable[..., Document]) -> None:
    document = put("a.txt", "a")
    claim = claims.take("w")
    assert claim.finish(passages=3, pages=2, warning="")
    document.refresh_from_db()
    assert (document.status, document.passages, document.pages, document.progress) == (Status.INDEXED, 3, 2, 100)


def test_removing_the_document_ends_the_hold(put: Callable[..., Document]) -> None:
    document = put("a.txt", "a")
    claim = claims.take("w")
    removal.remove_document(document)
    assert not claim.is_good()
    assert not claim.finish(passages=1, pages=0, warning="")


def test_a_new_version_ends_the_hold(put: Callable[..., Document]) -> None:
    put("a.txt", "old")
    claim = claims.take("w")
    put("a.txt", "new")
    claim.fail("too late")
    assert not claim.finish(passages=1, pages=0, warning="")
    assert Document.objects.get().status == Status.QUEUED


def test_giving_back_does_not_count_as_an_attempt(put: Callable[..., Document]) -> None:
    put("a.txt", "a")
    claims.take("w")
    claims.give_back("w")
    assert not claims.take("w").is_suspect


def test_what_a_dead_worker_held_is_queued_at_once(put: Callable[..., Document]) -> None:
    put("a.txt", "a")
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        born = psutil.Process(child.pid).create_time()
    claims.take(f"{socket.gethostname()[:40]}:{child.pid}:{born:.2f}")
    assert claims.free_abandoned() == 1
    assert claims.take("w").is_suspect


def test_what_a_living_worker_holds_is_left_to_it(put: Callable[..., Document]) -> None:
    put("a.txt", "a")
    claims.take(claims.worker_name())
    assert claims.free_abandoned() == 0


def test_a_number_used_again_is_not_the_same_worker() -> None:
    host, number, _ = claims.worker_name().split(":")
    assert claims.is_dead(f"{host}:{number}:1.00")
    assert not claims.is_dead(claims.worker_name())


def test_a_worker_of_another_machine_is_judged_by_its_heartbeat(put: Callable[..., Document]) -> None:
    put("a.txt", "a")
    claims.take(ELSEWHERE)
    assert claims.free_abandoned() == 0
    Document.objects.update(heartbeat=timezone.now() - timedelta(minutes=5))
    assert claims.free_abandoned() == 1


def test_a_file_that_ends_every_worker_is_given_up(put: Callable[..., Document]) -> None:
    put("a.txt", "a")
    for _ in range(MAX_ATTEMPTS):
        assert claims.take(ELSEWHERE)
        Document.objects.update(heartbeat=timezone.now() - timedelta(minutes=5))
        claims.free_abandoned()
    document = Document.objects.get()
    assert document.status == Status.FAILED
    assert "three times" in document.error


def test_renewing_keeps_a_hold(put: Callable[..., Document]) -> None:
    put("a.txt", "a")
    claims.take(ELSEWHERE)
    Document.objects.update(heartbeat=timezone.now() - timedelta(minutes=5))
    claims.renew(ELSEWHERE)
    assert claims.free_abandoned() == 0


def test_people_are_told_what_the_queue_waits_for(put: Callable[..., Document]) -> None:
    put("a.txt", "a")
    claims.put_note("Waiting for the embedding model.")
    assert claims.waiting_for() == "Waiting for the embedding model."
    claims.clear_note()
    assert claims.waiting_for() == ""
