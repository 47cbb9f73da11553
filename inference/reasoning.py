"""What a model thinks before it answers, told apart from the answer while both stream. Pure.

Reasoning stands at the beginning, between marks that may come in pieces; or it began in the prompt, where the model's
template opened it. Marks later on are text: an answer may speak about them. Each family of models has marks of its own,
and some write a heading before the answer too, which is no part of it.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto

from inference.text_stream import overlap
from inference.types import Delta

MARKS = {
    "<think>": "</think>",  # DeepSeek, Qwen and most others
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",  # EXAONE
    "[THINK]": "[/THINK]",  # Mistral
    "<seed:think>": "</seed:think>",  # ByteDance
    "<mm:think>": "</mm:think>",  # MiniMax
    "◁think▷": "◁/think▷",  # Kimi
    "<|START_THINKING|>": "<|END_THINKING|>",  # Cohere
    "<|channel>thought": "<channel|>",  # Gemma 4
    "<|channel|>analysis<|message|>": "<|end|>",  # gpt-oss ("harmony")
    "<|think|>": "<|end|>",  # Solar
}
PROMPT_MARKS = {
    **MARKS,
    "Here are my reasoning steps:": "[BEGIN FINAL RESPONSE]",
}  # Apriel: in templates, not in answers
HEADINGS = (
    "<|start|>assistant<|channel|>final<|message|>",
    "<|channel|>final<|message|>",
    "<|begin|>assistant<|content|>",
    "<|content|>",
)
# The single tokens that marks and headings are made of. In some vocabularies they are control tokens, and show no text.
WORDS = frozenset(
    ["<|channel>", "<channel|>", "<|channel|>", "<|message|>", "<|start|>", "<|begin|>", "<|content|>", "<|end|>"]
) | {word for marks in MARKS.items() for word in marks}


class _Part(Enum):
    OPENING = auto()
    REASONING = auto()
    HEADING = auto()
    ANSWER = auto()


def opened_by(prompt: str) -> str | None:
    """The mark that ends the reasoning which the end of a prompt has begun, if it has."""
    return next((close for mark, close in PROMPT_MARKS.items() if prompt.rstrip().endswith(mark)), None)


class ReasoningSplit:
    """One answer: `split` each delta until `is_over`."""

    def __init__(self, close: str | None = None) -> None:
        self._part = _Part.REASONING if close else _Part.OPENING
        self._close = close or ""
        self._held = ""
        self._is_fresh = True  # nothing of this part but white space came yet
        self.is_over = False  # the rest is answer

    def split(self, delta: Delta) -> Delta:
        """The same, with what is reasoning in its own field. The last delta brings what was held back."""
        reasoning, text = self._push(delta.text)
        if delta.finish_reason and self._held:
            held, self._held = self._held, ""
            reasoning, text = (reasoning + held, text) if self._part is _Part.REASONING else (reasoning, text + held)
        return replace(delta, text=text, reasoning=reasoning)

    def _push(self, text: str) -> tuple[str, str]:
        reasoning = ""
        if self._part is _Part.OPENING:
            text = self._open(self._take(text))
        if self._part is _Part.REASONING:
            reasoning, text = self._reason(self._take(text))
        if self._part is _Part.HEADING:
            text = self._skip_heading(self._take(text))
        return reasoning, self._answer(text) if self._part is _Part.ANSWER else ""

    def _take(self, text: str) -> str:
        held, self._held = self._held, ""
        return held + text

    def _open(self, text: str) -> str:
        """What follows the opening mark or a heading, or all of the text where there is neither."""
        begun = text.lstrip()
        for mark, close in MARKS.items():
            if begun.startswith(mark):
                self._part, self._close = _Part.REASONING, close
                return begun[len(mark) :]
        if begun.startswith(HEADINGS):
            self._part = _Part.HEADING
            return begun
        if any(mark.startswith(begun) for mark in (*MARKS, *HEADINGS)):
            self._held = text
            return ""
        self._part, self._is_fresh = _Part.ANSWER, False
        return text

    def _reason(self, text: str) -> tuple[str, str]:
        at = text.find(self._close)
        if at < 0:
            keep = overlap(text, self._close)
            self._held = text[len(text) - keep :]
            return self._begun(text[: len(text) - keep]), ""
        reasoning = self._begun(text[:at])
        self._part, self._is_fresh = _Part.HEADING, True
        return reasoning, text[at + len(self._close) :]

    def _skip_heading(self, text: str) -> str:
        begun = text.lstrip()
        if any(heading.startswith(begun) and heading != begun for heading in HEADINGS):
            self._held = begun
            return ""
        self._part = _Part.ANSWER
        return next((begun[len(heading) :] for heading in HEADINGS if begun.startswith(heading)), begun)

    def _answer(self, text: str) -> str:
        text = self._begun(text)
        self.is_over = not self._is_fresh
        return text

    def _begun(self, text: str) -> str:
        """Without the white space that stands before anything else."""
        text = text.lstrip() if self._is_fresh else text
        self._is_fresh = self._is_fresh and not text
        return text
