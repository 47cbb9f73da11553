"""What a model thinks before it answers, told apart from the answer while both stream. Pure.

Reasoning stands at the beginning, between marks that may come in pieces; or it began in the prompt, where the model's
template opened it. Marks later on are text: an answer may speak about them.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto

from inference.text_stream import overlap
from inference.types import Delta

MARKS = {"<think>": "</think>", "<thinking>": "</thinking>", "[THINK]": "[/THINK]", "<seed:think>": "</seed:think>"}
WORDS = (*MARKS, *MARKS.values())  # control tokens in some models; they are part of what the model says all the same


class _Part(Enum):
    OPENING = auto()
    REASONING = auto()
    ANSWER = auto()


def opened_by(prompt: str) -> str | None:
    """The mark that ends the reasoning which the end of a prompt has begun, if it has."""
    return next((close for mark, close in MARKS.items() if prompt.rstrip().endswith(mark)), None)


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
        if self._part is _Part.OPENING:
            text = self._open(self._held + text)
        if self._part is _Part.REASONING:
            return self._reason(self._held + text)
        return "", self._answer(text)

    def _open(self, text: str) -> str:
        """What follows the opening mark, or all of the text where there is none."""
        begun = text.lstrip()
        self._held = ""
        for mark, close in MARKS.items():
            if begun.startswith(mark):
                self._part, self._close = _Part.REASONING, close
                return begun[len(mark) :]
        if any(mark.startswith(begun) for mark in MARKS):
            self._held = text
            return ""
        self._part, self.is_over, self._is_fresh = _Part.ANSWER, True, False
        return text

    def _reason(self, text: str) -> tuple[str, str]:
        at = text.find(self._close)
        if at < 0:
            keep = overlap(text, self._close)
            self._held = text[len(text) - keep :]
            return self._begun(text[: len(text) - keep]), ""
        reasoning = self._begun(text[:at])
        self._part, self._held, self._is_fresh = _Part.ANSWER, "", True
        return reasoning, self._answer(text[at + len(self._close) :])

    def _answer(self, text: str) -> str:
        text = self._begun(text)
        self.is_over = not self._is_fresh and self._part is _Part.ANSWER
        return text

    def _begun(self, text: str) -> str:
        """Without the white space that stands before anything else."""
        text = text.lstrip() if self._is_fresh else text
        self._is_fresh = self._is_fresh and not text
        return text
