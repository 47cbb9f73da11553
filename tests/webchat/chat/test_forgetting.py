"""What models have read goes from the disk when what people wrote goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.urls import reverse

from inference.parked import Parked
from inference.state_folder import StateFolder, files
from webchat.chat.models import Conversation
from webchat.documents import removal
from webchat.documents.models import Collection
from webchat.library import states

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path: Path) -> StateFolder:
    """With one file in it."""
    settings.STATES_DIR = tmp_path / "states"
    made = StateFolder(settings.STATES_DIR, "echo", b"f" * 32, 1 << 20)
    assert made.put(Parked(np.arange(200, dtype=np.int32), np.zeros(100, dtype=np.uint8)), made.era)
    return made


def kept(settings) -> int:
    return len(list(files(settings.STATES_DIR)))


def test_with_a_conversation_at_once_though_it_can_be_brought_back(alice, client_of, settings, folder):
    conversation = Conversation.objects.create(owner=alice)
    era = folder.era
    client_of(alice).post(reverse("chat:delete", args=[conversation.pk]))
    assert kept(settings) == 0
    assert not folder.put(Parked(np.arange(200, dtype=np.int32), np.zeros(100, dtype=np.uint8)), era)


def test_with_an_account(alice, settings, folder, django_capture_on_commit_callbacks):
    Conversation.objects.create(owner=alice)
    with django_capture_on_commit_callbacks(execute=True):
        alice.delete()
    assert kept(settings) == 0


def test_with_a_collection(alice, settings, folder):
    removal.remove_collection(Collection.objects.create(owner=alice, name="Letters"))
    assert kept(settings) == 0


def test_a_model_takes_its_own_along(settings, folder):
    states.forget_model("another")
    assert kept(settings) == 1
    states.forget_model("echo")
    assert kept(settings) == 0


def test_where_nothing_was_ever_kept_there_is_nothing_to_do(settings, tmp_path):
    settings.STATES_DIR = tmp_path / "never"
    states.forget()
    assert not settings.STATES_DIR.exists()
