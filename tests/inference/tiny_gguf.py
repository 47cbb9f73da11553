"""Writes tiny llama-architecture GGUFs with random weights: an engine runs on them in milliseconds.

The vocabulary is bytes, a few words and ChatML's control tokens. What such a model says has no meaning, but it says
the same each time.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
CONTROL = ("<unk>", "<s>", "<|im_end|>", "<|im_start|>")
WORDS = ("▁", "the", "▁the", "th", "er", "in", "▁a", "answer", "▁hearth", "fire")
END = CONTROL.index("<|im_end|>")

_EMBEDDING, _HEADS, _FEED_FORWARD, _LAYERS = 64, 2, 128, 2


def write_tiny_gguf(
    path: Path,
    *,
    seed: int = 0,
    context_length: int = 1024,
    metadata: dict[str, float] | None = None,
    tensors_per_file: int = 0,
    control: tuple[str, ...] = (),
) -> Path:
    """A model that loads in llama.cpp, about half a megabyte large. `control`: more control tokens."""
    writer = gguf.GGUFWriter(path, "llama", split_max_tensors=tensors_per_file)
    writer.add_name("tiny")
    writer.add_context_length(context_length)
    writer.add_embedding_length(_EMBEDDING)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_FEED_FORWARD)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_EMBEDDING // _HEADS)
    for key, value in (metadata or {}).items():
        writer.add_float32(key, value)
    n_vocab = add_vocabulary(writer, control)
    _add_tensors(writer, n_vocab, np.random.default_rng(seed))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def add_vocabulary(writer: gguf.GGUFWriter, more_control: tuple[str, ...] = ()) -> int:
    tokens = [*CONTROL, *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS, *more_control]
    control = [gguf.TokenType.UNKNOWN] + [gguf.TokenType.CONTROL] * (len(CONTROL) - 1)
    types = [*control, *[gguf.TokenType.BYTE] * 256, *[gguf.TokenType.NORMAL] * len(WORDS)]
    types += [gguf.TokenType.CONTROL] * len(more_control)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    scores = [0.0] * (len(CONTROL) + 256) + [-float(i) for i in range(len(WORDS))]
    writer.add_token_scores(scores + [0.0] * len(more_control))
    writer.add_token_types(types)
    writer.add_bos_token_id(CONTROL.index("<s>"))
    writer.add_eos_token_id(END)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHATML)
    return len(tokens)


def _add_tensors(writer: gguf.GGUFWriter, n_vocab: int, random: np.random.Generator) -> None:
    def matrix(name: str, rows: int, columns: int, spread: float = 1.0) -> None:
        values = random.standard_normal((rows, columns)) * spread / np.sqrt(columns)
        writer.add_tensor(name, values.astype(np.float32))

    def ones(name: str) -> None:
        writer.add_tensor(name, np.ones(_EMBEDDING, dtype=np.float32))

    matrix("token_embd.weight", n_vocab, _EMBEDDING, spread=8.0)
    matrix("output.weight", n_vocab, _EMBEDDING, spread=4.0)  # far apart, so that rounding never changes the best
    ones("output_norm.weight")
    for layer in range(_LAYERS):
        ones(f"blk.{layer}.attn_norm.weight")
        ones(f"blk.{layer}.ffn_norm.weight")
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            matrix(f"blk.{layer}.{part}.weight", _EMBEDDING, _EMBEDDING, spread=2.0)
        matrix(f"blk.{layer}.ffn_gate.weight", _FEED_FORWARD, _EMBEDDING, spread=2.0)
        matrix(f"blk.{layer}.ffn_up.weight", _FEED_FORWARD, _EMBEDDING, spread=2.0)
        matrix(f"blk.{layer}.ffn_down.weight", _EMBEDDING, _FEED_FORWARD, spread=2.0)
