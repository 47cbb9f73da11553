"""What a loaded model says of itself, and how long its context may be on this machine."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from inference.binding import Context, Model
from inference.errors import ModelLoadError

_DEFAULT_CONTEXT = 8192  # tokens, at the most, where nobody asked for more


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the model says of itself."""

    context_length: int  # tokens, shared by all requests
    trained_length: int  # tokens, that its maker trained it on
    n_vocab: int
    bos_text: str  # empty where the model has none
    eos_text: str
    chat_template: str | None
    description: str
    can_forget: bool  # the last tokens of a sequence, leaving the others
    recommended_sampling: dict[str, float]  # of general.sampling.*, by SamplingParams' names


def facts_of(model: Model, context: Context) -> ModelFacts:
    """Ask a loaded model."""
    return ModelFacts(
        context_length=context.n_ctx,
        trained_length=model.n_ctx_train,
        n_vocab=model.n_vocab,
        bos_text=model.special_text("bos"),
        eos_text=model.special_text("eos"),
        chat_template=model.chat_template,
        description=model.description,
        can_forget=model.can_forget,
        recommended_sampling=_recommended_sampling(model),
    )


def _recommended_sampling(model: Model) -> dict[str, float]:
    """The sampling its publisher wrote into the GGUF, by our names; keys as in gguf's constants."""
    names = {
        "temp": "temperature",
        "top_k": "top_k",
        "top_p": "top_p",
        "min_p": "min_p",
        "penalty_repeat": "repeat_penalty",
    }
    found = {name: model.metadata(f"general.sampling.{key}") for key, name in names.items()}
    return {name: float(value) for name, value in found.items() if value is not None}


def context_length_of(model: Model, wanted: int | None) -> int:
    """The context window to make. Refuses one that the free memory cannot hold: llama.cpp would try for minutes."""
    if wanted is None:
        return min(model.n_ctx_train or _DEFAULT_CONTEXT, _DEFAULT_CONTEXT)
    if wanted < 1:
        raise ModelLoadError(f"A context of {wanted} tokens is none at all.")
    needed, free = wanted * model.cache_bytes_per_token, psutil.virtual_memory().available
    if needed > free:
        raise ModelLoadError(
            f"A context of {wanted:,} tokens needs {needed / 1e9:,.1f} GB; {free / 1e9:,.1f} GB is free."
        )
    return wanted
