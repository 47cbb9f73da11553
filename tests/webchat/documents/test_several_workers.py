"""Workers on one queue, each a process of its own, as they stand on several machines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from inference import lifeline
from tests import postgres
from tests.webchat.documents import elsewhere
from webchat.documents import claims, shelf
from webchat.documents.indexing import Indexer
from webchat.documents.models import STALE_AFTER, Document, Status, Step
from webchat.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
PROJECT = Path(__file__).resolve().parents[3]
WORKERS, DOCUMENTS = 2, 120


def environment(data: Path, service: tuple[str, str] = ("", "")) -> dict[str, str]:
    """Of a process that shares the database with the test, and has a data folder of its own."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.webchat.documents.worker_settings",
        "INGLENOOK_DATA_DIR": str(data),
        "INGLENOOK_TEST_DATABASE": str(connection.settings_dict["NAME"]),
        "INGLENOOK_INFERENCE_URL": service[0],
        "INGLENOOK_INFERENCE_TOKEN": service[1],
    }


@pytest.mark.skipif(not settings.DATABASE_URL, reason="With SQLite, workers stand on one machine: see test_worker.")
def test_each_document_is_taken_by_one_of_several_processes(shelf_of_alice, tmp_path: Path) -> None:
    names = [f"{n}.txt" for n in range(DOCUMENTS)]
    Document.objects.bulk_create(
        Document(collection=shelf_of_alice, name=name, digest=name, size_bytes=1) for name in names
    )
    program = [sys.executable, "-m", "tests.webchat.documents.claimer"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [
        subprocess.Popen([*program, f"w{n}"], cwd=PROJECT, env=environment(tmp_path / str(n)), **pipes)
        for n in range(WORKERS)
    ]
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * WORKERS
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    taken = [[int(pk) for pk in worker.communicate(timeout=60)[0].split()] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * WORKERS
    counts = Counter(pk for of_worker in taken for pk in of_worker)
    assert counts == dict.fromkeys(Document.objects.values_list("pk", flat=True), 1)
    for number, of_worker in enumerate(taken):
        assert Document.objects.filter(worker=f"w{number}").count() == len(of_worker)


@pytest.mark.skipif(not settings.DATABASE_URL, reason="SQLite lets one worker in at a time.")
def test_nobody_waits_for_a_worker_on_another_document(put) -> None:
    held, free = put("held.txt", "Some water."), put("free.txt", "More water.")
    rows = str(connection.settings_dict["NAME"])
    with postgres.connected(settings.DATABASE_URL, dbname=rows) as other, other.transaction(), transaction.atomic():
        other.execute("SELECT * FROM documents_document WHERE id = %s FOR UPDATE", [held.pk])
        connection.cursor().execute("SET LOCAL lock_timeout = '5s'")
        taken = Document.objects.claim([held.pk, free.pk], "w", Step.READ)
    assert [document.pk for document in taken] == [free.pk]


@pytest.mark.timeout(240)
@pytest.mark.skipif(not settings.DATABASE_URL, reason="A file does not go away.")
def test_a_database_that_goes_away_and_comes_back_costs_nothing(spawn, put, capfd: pytest.CaptureFixture[str]) -> None:
    documents = [put(f"{n}.txt", "\n\n".join(f"Wave{n} {m} broke. " * 20 for m in range(60))) for n in range(3)]
    worker = spawn()
    held = Document.objects.filter(worker__contains=f":{worker.pid}:")
    assert wait_until(held.exists, timeout_s=60, every_s=0.02)
    words = ""

    def is_said() -> bool:
        nonlocal words
        words += capfd.readouterr().err
        return "Waiting" in words

    with postgres.outage(settings.DATABASE_URL, str(connection.settings_dict["NAME"])):
        connection.close()
        assert wait_until(is_said, timeout_s=90)
    assert wait_until(lambda: not Document.objects.exclude(status=Status.INDEXED).exists(), timeout_s=100)
    assert worker.poll() is None
    coverage = shelf.index().coverage(documents[0].index_key.collection)
    assert (coverage.documents, coverage.vectors) == (3, coverage.chunks)
    assert not Document.objects.filter(attempts__gt=0).exists()
    words += capfd.readouterr().err
    assert "does not answer" in words
    assert "Traceback" not in words


@pytest.mark.skipif(not settings.DATABASE_URL, reason="Another machine can help only through PostgreSQL.")
def test_a_machine_without_the_files_embeds_what_was_read(
    put, indexer: Indexer, running_service: tuple[str, str], tokenizer_path: Path, tmp_path: Path
) -> None:
    read = put("read.txt", "Some water.")
    async_to_sync(indexer.read_all)()
    unread = put("unread.txt", "More water.")
    helper = spawn_elsewhere(running_service, tokenizer_path, tmp_path / "elsewhere")
    try:
        assert wait_until(lambda: Document.objects.get(pk=read.pk).status == Status.INDEXED, timeout_s=100)
    finally:
        lifeline.cut(helper)
    assert shelf.index().embedded(read.index_key) == 1
    unread.refresh_from_db()
    assert (unread.status, unread.step, unread.attempts) == (Status.QUEUED, Step.READ, 0)


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is POSIX")
@pytest.mark.skipif(not settings.DATABASE_URL, reason="Another machine can help only through PostgreSQL.")
def test_what_a_machine_held_that_died_in_mid_file_is_finished_by_another(
    put, indexer: Indexer, running_service: tuple[str, str], tokenizer_path: Path, tmp_path: Path
) -> None:
    document = put("long.txt", "\n\n".join(f"Wave{n} broke. " * 30 for n in range(400)))
    async_to_sync(indexer.read_all)()
    helper = spawn_elsewhere(running_service, tokenizer_path, tmp_path / "elsewhere")
    held = Document.objects.filter(pk=document.pk, worker__startswith=f"{elsewhere.NAME}:")
    assert wait_until(held.exists, timeout_s=60, every_s=0.01)
    helper.kill()
    helper.wait()
    claims.free_abandoned()
    assert held.exists()  # nobody here can know yet
    Document.objects.update(heartbeat=timezone.now() - 2 * STALE_AFTER)
    claims.free_abandoned()
    async_to_sync(indexer.drain)()
    document.refresh_from_db()
    assert (document.status, document.attempts) == (Status.INDEXED, 0)
    coverage = shelf.index().coverage(document.index_key.collection)
    assert (coverage.documents, coverage.vectors, document.passages) == (1, coverage.chunks, coverage.chunks)


def spawn_elsewhere(service: tuple[str, str], tokenizer: Path, data: Path) -> subprocess.Popen[bytes]:
    """A worker of another computer: no files, a data folder of its own, and another name."""
    models = data / "models" / "all-MiniLM-L6-v2"
    models.mkdir(parents=True)
    shutil.copy(tokenizer, models)
    program = [sys.executable, "-m", elsewhere.__name__, "worker", "--embed-only"]
    return lifeline.spawn(program, {}, env=environment(data, service))


@pytest.mark.skipif(bool(settings.DATABASE_URL), reason="Here it would start.")
def test_helping_wants_a_database_that_both_share() -> None:
    with pytest.raises(CommandError, match="Set INGLENOOK_DATABASE_URL"):
        call_command("embed")
