"""What the folder of a sentence-transformers model says of itself, and whether it is safe to load. Reads no weights.

Safe is a folder whose weights are safetensors, which hold numbers alone, and whose parts are kinds that
sentence-transformers brings itself. Pickled weights and code of the folder's own could do anything.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.errors import ModelFileError

KINDS = {"Transformer", "Pooling", "Normalize", "Dense"}
WEIGHTED = {"Transformer", "Dense"}
USUAL_TOKENS = 512
SAMPLES = 64  # places of the weights that the digest looks at: two models differ everywhere
SAMPLE_BYTES = 4096
SETTINGS_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """What is known of a model before it is loaded."""

    context_length: int  # tokens; what lies beyond them in a text is not seen
    weights_bytes: int
    digest: str  # tells it from another that lies in a folder of the same name


def read_folder(folder: Path) -> FolderFacts:
    """Raises ModelFileError for what is no embedding model, or no safe one."""
    parts = _read_json(folder / "modules.json")
    if not isinstance(parts, list) or not parts:
        raise ModelFileError(f"{folder} holds no sentence-transformers model: its modules.json is missing or empty.")
    weights = [path for part in parts for path in _weights(folder, part)]
    if not weights:
        raise ModelFileError(f"There are no weights in {folder}.")
    return FolderFacts(_context_length(folder), sum(path.stat().st_size for path in weights), _digest(folder, weights))


def require_cross_encoder(folder: Path) -> None:
    """Raises ModelFileError where something is missing. Whether what is there is whole, shows when it is loaded."""
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise ModelFileError(f"{folder} holds no cross-encoder: config.json and weights as .safetensors are needed.")


def _weights(folder: Path, part: Any) -> list[Path]:
    kind, inner = (str(part.get("type", "")), str(part.get("path", ""))) if isinstance(part, dict) else ("", "")
    if not kind.startswith("sentence_transformers.") or kind.rsplit(".", 1)[-1] not in KINDS:
        raise ModelFileError(f"{folder} has a part of the kind {kind!r}, which Inglenook does not load.")
    place = (folder / inner).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise ModelFileError(f"{folder} names a part outside of itself.")
    found = sorted(place.glob("*.safetensors"))
    if kind.rsplit(".", 1)[-1] in WEIGHTED and not found:
        raise ModelFileError(
            f"The weights in {place} are not safetensors. Other kinds may run code when they are opened."
        )
    return found


def _context_length(folder: Path) -> int:
    told = _read_json(folder / "sentence_bert_config.json")
    length = told.get("max_seq_length") if isinstance(told, dict) else None
    if not isinstance(length, int):
        config = _read_json(folder / "config.json")
        length = config.get("max_position_embeddings") if isinstance(config, dict) else None
    return length if isinstance(length, int) and 0 < length < 1 << 20 else USUAL_TOKENS


def _digest(folder: Path, weights: list[Path]) -> str:
    """Of all settings, and of the weights at some places."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.json"), *folder.glob("*/*.json"), *folder.glob("*.txt")]):
        digest.update(path.name.encode() + path.read_bytes())
    for path in weights:
        size_bytes = path.stat().st_size
        digest.update(str(size_bytes).encode())
        with path.open("rb") as file:
            for number in range(SAMPLES):
                file.seek(size_bytes * number // SAMPLES)
                digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()


def _read_json(path: Path) -> Any:
    try:
        if path.stat().st_size > SETTINGS_BYTES:
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
