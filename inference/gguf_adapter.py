"""LoRA adapters: GGUF files that change another model a little. Read and checked without loading them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inference.errors import ModelFileError
from inference.gguf import GgufFacts
from inference.gguf_header import read_header

ADAPTER = "adapter"
LORA_ENDINGS = (".lora_a", ".lora_b")


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """One adapter."""

    path: Path
    size_bytes: int
    architecture: str  # of the models that it is for
    name: str
    tensors: tuple[str, ...]  # of the model, that it changes


def is_adapter(path: Path) -> bool:
    """Whether a file says that it is an adapter; False where it cannot be read."""
    try:
        return read_header(path).values.get("general.type") == ADAPTER
    except ModelFileError:
        return False


def read_adapter(path: Path) -> AdapterFacts:
    """Read what an adapter says of itself. Raises ModelFileError with a sentence."""
    if not path.is_file():
        raise ModelFileError(f"The adapter {path} is not there any more. Put it back, or take it off the model.")
    header = read_header(path)
    if header.values.get("general.type") != ADAPTER:
        raise ModelFileError(f"{path.name} is no adapter.")
    if header.values.get("adapter.type") != "lora":
        raise ModelFileError(f"{path.name} is an adapter of another kind than LoRA, which cannot be used.")
    changed = {_base_of(tensor.name) for tensor in header.tensors}
    if not changed or "" in changed:
        raise ModelFileError(f"{path.name} is damaged: it holds other things than the two halves of a LoRA.")
    architecture, name = header.values.get("general.architecture"), header.values.get("general.name")
    return AdapterFacts(
        path=path,
        size_bytes=header.size_bytes,
        architecture=architecture if isinstance(architecture, str) else "",
        name=name if isinstance(name, str) and name else path.stem,
        tensors=tuple(sorted(changed)),
    )


def _base_of(tensor: str) -> str:
    return next((tensor.removesuffix(ending) for ending in LORA_ENDINGS if tensor.endswith(ending)), "")


def misfit(adapter: AdapterFacts, model: GgufFacts) -> str:
    """Why an adapter cannot be used with a model, as a sentence; empty where it may fit."""
    if adapter.architecture != model.architecture:
        return (
            f"The adapter {adapter.path.name} is for {adapter.architecture or 'unnamed'} models, "
            f"and {model.path.name} is a {model.architecture} model. Take it off, or choose one made for this model."
        )
    return ""
