"""What removing costs, in words."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import AsyncMock, Mock

import pytest
from asgiref.sync import async_to_sync

from webchat.documents import roll
from webchat.documents.costs import cost_of, in_words
from webchat.documents.models import Collection, Document, Worker
from webchat.documents.shift import Shift


@pytest.mark.parametrize(
    "files, passages, speed, words",
    [
        (423, 18_220, 25.3, "423 files, 18,220 passages; embedding them again would take about 10 minutes"),
        (423, 18_220, 0.0, "423 files, 18,220 passages"),
        (1, 1, 50.0, "1 file, 1 passage; embedding them again would take less than a minute"),
        (1, 0, 50.0, "1 file"),
        (0, 0, 0.0, "0 files"),
    ],
)
def test_files_passages_and_time_are_named(files: int, passages: int, speed: float, words: str) -> None:
    assert in_words(files, passages, chunks_per_s=speed) == words


def test_the_time_is_known_after_a_restart(shelf_of_alice: Collection) -> None:
    Document.objects.create(collection=shelf_of_alice, name="a", digest="0" * 64, size_bytes=1, passages=1000)
    assert cost_of(Document.objects.all()) == "1 file, 1,000 passages"
    indexer = Mock(pace=SimpleNamespace(chunks_per_s=2.0), embed_all=AsyncMock(), find_out=AsyncMock())
    shift = Shift("w", lambda: indexer, AsyncMock(), Mock())
    async_to_sync(shift._embed)()
    assert not Worker.objects.exists()
    assert cost_of(Document.objects.all()).endswith("embedding them again would take about 8 minutes")
    roll.sign_on("w", 50.0)
    assert cost_of(Document.objects.all()).endswith("would take less than a minute")
