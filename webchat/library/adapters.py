"""LoRA adapters: which there are, which models they are for, and how strongly each acts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet

from inference.errors import ModelFileError
from inference.gguf_adapter import read_adapter
from webchat.library.models import Adapter, AppliedAdapter, LanguageModel


class CannotAdd(Exception):
    """The file is nothing that can be added. The sentence says why."""


def new_adapter(path: Path, *, is_ours: bool) -> Adapter:
    """A row with what the file says of itself."""
    if known := Adapter.objects.filter(path=str(path)).first():
        raise CannotAdd(f"{path.name} is here already, as the adapter “{known.name}”.")
    try:
        facts = read_adapter(path)
    except ModelFileError as error:
        raise CannotAdd(str(error)) from error
    return Adapter.objects.create(
        name=facts.name[:150],
        path=str(path),
        is_ours=is_ours,
        architecture=facts.architecture[:60],
        size_bytes=facts.size_bytes,
    )


def made_for(model: LanguageModel) -> QuerySet[Adapter]:
    """The adapters whose architecture is the model's; only llama.cpp can tell whether their sizes agree too."""
    return Adapter.objects.filter(architecture=model.architecture)


@transaction.atomic
def apply(model: LanguageModel, scales: Mapping[Adapter, float | None]) -> None:
    """Puts adapters on a model, and takes off those without a scale."""
    for adapter, scale in scales.items():
        if scale is None:
            model.applied_adapters.filter(adapter=adapter).delete()
        else:
            AppliedAdapter.objects.update_or_create(model=model, adapter=adapter, defaults={"scale": scale})
