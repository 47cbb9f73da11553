"""Small GGUF files for tests, whole and broken."""

from __future__ import annotations

import struct
from pathlib import Path

TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"


def gguf(*, template: str | None = TEMPLATE) -> bytes:
    """A model of one tensor with 64 weights."""
    pairs = [
        text_pair("general.architecture", "llama"),
        text_pair("general.name", "Tiny"),
        number_pair("general.file_type", 0),
        number_pair("llama.context_length", 2048),
        number_pair("llama.block_count", 1),
        number_pair("llama.embedding_length", 64),
        number_pair("llama.attention.head_count", 1),
        *([text_pair("tokenizer.chat_template", template)] if template else []),
    ]
    tensor = text("token_embd.weight") + struct.pack("<IQIQ", 1, 64, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs)) + b"".join(pairs) + tensor
    return head + b"\0" * (-len(head) % 32) + b"\0" * 256


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def text_pair(key: str, value: str) -> bytes:
    return text(key) + struct.pack("<I", 8) + text(value)


def number_pair(key: str, value: int) -> bytes:
    return text(key) + struct.pack("<II", 4, value)


def write_gguf(path: Path) -> Path:
    path.write_bytes(gguf())
    return path
