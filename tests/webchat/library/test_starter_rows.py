"""The starter model's row."""

from __future__ import annotations

from pathlib import Path

from inference.starter import StarterPaths
from webchat.library import intake
from webchat.library.models import LanguageModel
from webchat.library.starter_rows import register


def test_it_is_used_as_its_publisher_recommends(db, file: Path) -> None:
    model = register(StarterPaths(file, file.parent))

    assert model.is_starter and model.is_default and model.is_ours
    assert (model.temperature, model.top_p, model.top_k) == (0.2, 0.9, 0)


def test_registering_again_keeps_a_persons_settings(db, file: Path) -> None:
    register(StarterPaths(file, file.parent))
    LanguageModel.objects.update(temperature=0.9, size_bytes=0)

    model = register(StarterPaths(file, file.parent))

    assert LanguageModel.objects.count() == 1
    assert model.temperature == 0.9
    assert model.size_bytes == file.stat().st_size


def test_it_does_not_push_another_default_aside(db, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(file.read_bytes())
    intake.add_path(str(other)).make_default()

    assert not register(StarterPaths(file, file.parent)).is_default
