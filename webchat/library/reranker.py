"""The cross-encoder that a person has set: where its folder is, and the runner that serves it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from inference.embedder_folder import require_cross_encoder
from inference.errors import ModelFileError, ModelLoadError
from inference.types import RunnerKind, RunnerSpec, RunnerState
from webchat.library import engine

NAME = "cross-encoder"


async def scores(question: str, texts: Sequence[str], seconds: float) -> list[float]:
    """How well each text answers, 0 to 1. Raises InferenceError with a sentence.

    One that could not be loaded is not tried at every search: its failure stands until the inference service or its
    setting is another.
    """
    spec = RunnerSpec(name=NAME, kind=RunnerKind(settings.RERANKER_KIND), path=folder())
    for status in await engine.service().statuses():
        if status.name == NAME and status.state is RunnerState.FAILED:
            raise ModelLoadError(status.error)
    client = engine.client_for(await engine.service().ensure(spec))
    return await client.rerank(NAME, question, texts, seconds)


def folder() -> Path:
    """Raises ModelFileError where the setting leads elsewhere than to a model in the folder of models."""
    root = settings.MODELS_DIR.resolve()
    path = (root / settings.RERANKER).resolve()
    if path == root or not path.is_relative_to(root):
        raise ModelFileError(f"INGLENOOK_RERANKER names {path}, which is not in {root}. Put its folder there.")
    if settings.RERANKER_KIND == RunnerKind.RERANKING:
        require_cross_encoder(path)
    return path
