"""Writes tiny LoRA adapters with random weights for the models of `tiny_gguf`."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

RANK = 4
WIDTH = 64  # of the tiny models


def write_tiny_adapter(path: Path, *, architecture: str = "llama", kind: str = "lora", width: int = WIDTH) -> Path:
    """An adapter that changes one matrix so much that greedy answers differ."""
    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_name("Pirate")
    writer.add_string("adapter.type", kind)
    writer.add_float32("adapter.lora.alpha", float(RANK))
    writer.add_tensor("blk.0.attn_output.weight.lora_a", random.standard_normal((RANK, width)).astype(np.float32))
    writer.add_tensor("blk.0.attn_output.weight.lora_b", random.standard_normal((width, RANK)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
