from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from tests.webchat.library.gguf_files import write_gguf
from webchat.accounts.models import User
from webchat.library.models import LanguageModel


@pytest.fixture(autouse=True)
def models_dir() -> Iterator[Path]:
    """The models folder, emptied after each test."""
    yield django_settings.MODELS_DIR
    for path in django_settings.MODELS_DIR.iterdir():
        path.unlink()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "tiny.gguf")


@pytest.fixture
def echo(db, tmp_path: Path) -> LanguageModel:
    """A row that the service can load without a model."""
    path = tmp_path / "echo.json"
    path.write_text("{}")
    return LanguageModel.objects.create(name=f"echo-{tmp_path.name}"[:100], path=str(path), architecture="echo")


@pytest.fixture
def staff(db) -> User:
    return User.objects.create_user("sam", is_staff=True)
