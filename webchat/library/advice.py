"""Which larger models suit this computer. Words only: nothing is looked up anywhere."""

from __future__ import annotations

from dataclasses import dataclass

GB = 1 << 30
SHARE_FOR_MODEL = 0.7  # the rest is for the system, the browser and the index


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Models of one size, as Q4_K_M files."""

    size: str
    names: str
    file_gb: float
    memory_gb: float  # with 8,192 tokens of context
    character: str
    fits: bool = False


SUGGESTIONS = (
    Suggestion("1–2 billion", "Gemma 3 1B, Qwen3 1.7B", 1.1, 2.0, "quick on any computer; simple questions"),
    Suggestion("3–4 billion", "Qwen3 4B, Gemma 3 4B, Llama 3.2 3B", 2.5, 4.2, "a good start for documents"),
    Suggestion("7–9 billion", "Qwen3 8B, Llama 3.1 8B", 5.0, 6.7, "good all round; wants a fast processor"),
    Suggestion("12–14 billion", "Gemma 3 12B, Qwen3 14B", 8.5, 11.0, "careful and slow"),
    Suggestion("30 billion", "Qwen3 30B-A3B", 18.6, 20.5, "strong, and quick: a tenth of it works at a time"),
)  # fmt: skip


def suggestions(memory_bytes: int) -> list[Suggestion]:
    """The list, marked with what fits a computer with this much memory."""
    room_gb = memory_bytes * SHARE_FOR_MODEL / GB
    return [
        Suggestion(row.size, row.names, row.file_gb, row.memory_gb, row.character, fits=row.memory_gb <= room_gb)
        for row in SUGGESTIONS
    ]
