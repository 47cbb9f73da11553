"""Killed at any moment, again and again: the index is at last the same as one that was built in peace.

`INGLENOOK_TEST_KILLS=50` makes the long run of it.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings

from tests import postgres
from tests.docs_index.every_format import write_every_format
from webchat.documents import shelf
from webchat.documents.models import Document, Status, Step
from webchat.processes import wait_until

KILLS = int(os.environ.get("INGLENOOK_TEST_KILLS", "3"))
LONGEST_LIFE_S = 0.6  # of a worker, from the moment it holds something

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(os.name == "nt", reason="kill -9 is POSIX"),
    pytest.mark.timeout(60 + 30 * KILLS),
]
Spawn = Callable[..., subprocess.Popen[bytes]]
Put = Callable[..., Document]

EVERYTHING = """
    SELECT d.name, c.ordinal, c.start, c."end", c.page, c.headings, c.place, c.text, e.vector, s.vectors
    FROM documents d JOIN chunks c ON c.document = d.id
    LEFT JOIN embeddings e ON e.digest = c.digest LEFT JOIN sentence_vectors s ON s.digest = c.digest
    ORDER BY d.name, c.ordinal
"""


def everything() -> list[tuple[object, ...]]:
    """Each chunk that the index holds, with its vectors; those of a version that still waits, too."""
    if settings.DATABASE_URL:
        with postgres.connected(settings.DATABASE_URL, options="-csearch_path=docs_index,public") as connection:
            return connection.execute(EVERYTHING).fetchall()
    with closing(sqlite3.connect(settings.INDEX_PATH)) as connection:
        return connection.execute(EVERYTHING).fetchall()


def story(rng: random.Random, paragraphs: int) -> str:
    return "\n\n".join(
        f"Night {rng.random()} on the sea. " + f"The wave{rng.random()} broke. " * 20 for _ in range(paragraphs)
    )


def is_at_work(worker: subprocess.Popen[bytes]) -> bool:
    """Whether this very worker holds something, not one that is dead."""
    return Document.objects.filter(status=Status.INDEXING, worker__contains=f":{worker.pid}:").exists()


def is_at_rest() -> bool:
    return not Document.objects.moving().exists()


def test_an_index_that_was_killed_at_random_moments_equals_one_that_was_not(
    spawn: Spawn, put: Put, tmp_path: Path
) -> None:
    rng = random.Random(KILLS)
    folder = tmp_path / "folder"
    for name in write_every_format(folder):
        put(name, (folder / name).read_bytes())
    put("broken.pdf", b"%PDF-1.4\n1 0 obj\n<< /Type /Cat")
    for n in range(5):
        put(f"story-{n}.txt", story(rng, 60))

    for n in range(KILLS):
        if n:  # and there is always something new, in the place of something old
            put(f"story-{n % 5}.txt", story(rng, 60))
        worker = spawn()
        assert wait_until(lambda w=worker: is_at_work(w), timeout_s=60, every_s=0.01)
        time.sleep(rng.uniform(0, LONGEST_LIFE_S))
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    spawn()
    assert wait_until(is_at_rest, timeout_s=120)
    survived = everything()
    statuses = dict(Document.objects.values_list("name", "status"))
    assert {name for name, status in statuses.items() if status != Status.INDEXED} == {"broken.pdf"}

    collection = Document.objects.first().index_key.collection
    shelf.index().remove_collection(collection)
    assert everything() == []
    Document.objects.update(status=Status.QUEUED, step=Step.READ, attempts=0)
    assert wait_until(is_at_rest, timeout_s=120)
    in_peace = everything()
    assert survived == in_peace
    assert len({row[0] for row in in_peace}) == 25
    assert all(vector for *_, vector, _ in in_peace)
