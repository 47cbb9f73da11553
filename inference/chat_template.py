"""Conversations → prompts, by the Jinja template that a model brings along (ChatML where it brings none).

What a person or a document wrote must never act as a control token: `<|im_end|>` inside a pasted page would end the
turn and let the page speak as the system. `render` therefore gives the prompt as parts, and only the parts that the
template itself wrote may be parsed for control tokens. This module knows nothing of token ids.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from jinja2 import TemplateError as JinjaError
from jinja2 import TemplateSyntaxError

from inference.errors import TemplateError
from inference.template_sandbox import TemplateEnvironment
from inference.types import ChatMessage

SOURCE_LIMIT_CHARS = 512_000
LINE_CHARS = 120  # of a line that is quoted

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
PLAIN = (
    "{% for message in messages %}{% if not loop.first %}{{ '\\n\\n' }}{% endif %}{{ message['content'] }}{% endfor %}"
)
"""No template, for base models: the messages one after the other with an empty line between, and the model goes on."""

# What Python code compiled from a template, and the filters it calls, can raise.
FAILURES = (
    JinjaError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A stretch of a prompt."""

    text: str
    is_control: bool  # may hold control tokens


class ChatTemplate:
    """One compiled template."""

    def __init__(self, source: str | None = None, *, bos_text: str = "", eos_text: str = "") -> None:
        source = source or CHATML
        if len(source) > SOURCE_LIMIT_CHARS:
            raise TemplateError("The model's chat template is too long to be one.")
        self._environment = TemplateEnvironment()
        self._special = {"bos_token": bos_text, "eos_token": eos_text}
        try:
            self._template = self._environment.from_string(source)
        except FAILURES as error:
            raise _trouble("The model's chat template is broken", source, error) from error
        self._source = source

    def render(self, messages: Sequence[ChatMessage], *, guarded: Sequence[bool] | None = None) -> list[PromptPart]:
        """The prompt up to where the model's answer begins.

        `guarded` says of each message whether its text, taken by itself, would yield control tokens (all, unless
        told). The others are rendered in place, so that an ordinary prompt is one part and is tokenized exactly as the
        model was trained on.
        """
        shown, hidden = list(messages), []
        for index, message in enumerate(messages):
            if guarded is None or guarded[index]:
                mark = _mark()
                shown[index] = replace(message, content=mark)
                hidden.append((mark, message.content))
        return list(_split(self._render_text(shown), hidden))

    def _render_text(self, messages: Sequence[ChatMessage]) -> str:
        self._environment.start_clock()
        try:
            return self._run(messages)
        except TemplateError:
            merged = _without_system(messages)
            if merged is None:
                raise
            return self._run(merged)

    def _run(self, messages: Sequence[ChatMessage]) -> str:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        try:
            return self._template.render(messages=turns, add_generation_prompt=True, **self._special)
        except FAILURES as error:
            raise _trouble("The model's chat template refused this conversation", self._source, error) from error


def _without_system(messages: Sequence[ChatMessage]) -> list[ChatMessage] | None:
    """Some templates know no system message; what it says then opens the first user message."""
    if len(messages) < 2 or messages[0].role != "system" or messages[1].role != "user":
        return None
    first = replace(messages[1], content=f"{messages[0].content}\n\n{messages[1].content}")
    return [first, *messages[2:]]


def _mark() -> str:
    # Private-use characters: templates that trim, escape or change case leave them alone, and nobody can guess them.
    return "".join(chr(0xE000 + byte) for byte in secrets.token_bytes(12))


def _split(prompt: str, marks: Iterable[tuple[str, str]]) -> Iterable[PromptPart]:
    """Put the contents back where their marks are. A mark that is gone belongs to a message the template left out."""
    parts = [PromptPart(prompt, is_control=True)]
    for mark, content in marks:
        parts = [piece for part in parts for piece in _insert(part, mark, content)]
    return (part for part in parts if part.text)


def _insert(part: PromptPart, mark: str, content: str) -> Iterable[PromptPart]:
    if not part.is_control:
        yield part
        return
    first, *rest = part.text.split(mark)
    yield replace(part, text=first)
    for text in rest:
        yield PromptPart(content, is_control=False)
        yield replace(part, text=text)


def check_template(source: str) -> None:
    """Try a template with conversations such as everybody has. Raises TemplateError, as a rule with the line."""
    template = ChatTemplate(source, bos_text="<s>", eos_text="</s>")
    for conversation in TRIALS:
        shown = {part.text for part in template.render(conversation) if not part.is_control}
        if conversation[-1].content not in shown:
            raise TemplateError("The chat template leaves out what a person asks. It must write messages[…].content.")


TRIALS = (
    [ChatMessage("user", "Hello?")],
    [
        ChatMessage("system", "Be kind."),
        ChatMessage("user", "Hello?"),
        ChatMessage("assistant", "Hello."),
        ChatMessage("user", "How are you?"),
    ],
)


def _trouble(what: str, source: str, error: BaseException) -> TemplateError:
    words = str(error).strip().splitlines()
    reason = (words[0].rstrip(".") if words else type(error).__name__)[:300]
    line = _line_of(error)
    lines = source.splitlines()
    if line is None or not 1 <= line <= len(lines):
        return TemplateError(f"{what}: {reason}.")
    line_text = lines[line - 1].strip()[:LINE_CHARS]
    return TemplateError(f"{what} in line {line}, “{line_text}”: {reason}.", line=line, line_text=line_text)


def _line_of(error: BaseException) -> int | None:
    """Where it went wrong. Jinja writes the lines of the template into the traceback of what runs it."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    line, step = None, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename in ("<template>", "<unknown>"):
            line = step.tb_lineno
        step = step.tb_next
    return line
