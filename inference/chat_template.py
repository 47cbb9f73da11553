"""Conversations → prompts, by the Jinja template that a model brings along (ChatML where it brings none).

What a person or a document wrote must never act as a control token: `<|im_end|>` inside a pasted page would end the
turn and let the page speak as the system. `render` therefore gives the prompt as parts, and only the parts that the
template itself wrote may be parsed for control tokens. This module knows nothing of token ids.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jinja2 import TemplateError as JinjaError
from jinja2 import TemplateSyntaxError

from inference.errors import TemplateError
from inference.template_sandbox import TemplateEnvironment
from inference.turns import CallStyle, Hide, hidden, one_call_each, tools_json, turns_of
from inference.types import ChatMessage, Tool

SOURCE_LIMIT_CHARS = 512_000
LINE_CHARS = 120  # of a line that is quoted
_BRACKETS = re.compile(r"[<>\[\]|｜]")

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

    def render(
        self,
        messages: Sequence[ChatMessage],
        tools: Sequence[Tool] = (),
        style: CallStyle | None = None,
        *,
        guarded: Sequence[bool] | None = None,
        guards: Callable[[str], bool] | None = None,
    ) -> list[PromptPart]:
        """The prompt up to where the model's answer begins.

        `guarded` says of each message whether its text, taken by itself, would yield control tokens (all, unless
        told); `guards` says it of each string in the tools and in the calls. The others are rendered in place, so that
        an ordinary prompt is one part and is tokenized exactly as the model was trained on.
        """
        shown, marks = list(messages), []
        for index, message in enumerate(messages):
            if message.content and (guarded is None or guarded[index]):
                mark = _mark()
                shown[index] = replace(message, content=mark)
                marks.append((mark, message.content))

        def hide(text: str) -> str:
            if not (guards or _may_hold_control)(text):
                return text
            mark = _mark()
            marks.append((mark, json.dumps(text, ensure_ascii=False)[1:-1]))  # it stands in JSON
            return mark

        return list(_split(self._render_text(shown, tools, style or CallStyle(), hide), marks))

    def text(self, messages: Sequence[ChatMessage], tools: Sequence[Tool], style: CallStyle) -> str:
        """The same as one text, in which contents are not told from control tokens: for looking at, not for a model."""
        return self._render_text(messages, tools, style, lambda text: text)

    def _render_text(self, messages: Sequence[ChatMessage], tools: Sequence[Tool], style: CallStyle, hide: Hide) -> str:
        """The prompt; where a template refuses the conversation, of the same in other forms."""
        self._environment.start_clock()
        forms = [messages, _without_system(messages)]
        if any(len(message.tool_calls) > 1 for message in messages):
            forms += [one_call_each(messages), _without_system(one_call_each(messages))]
        described = hidden(tools_json(tools), hide) if tools else None
        refusal: TemplateError | None = None
        for form in forms:
            try:
                if form is not None:
                    return self._run(turns_of(form, style, hide), described)
            except TemplateError as error:
                refusal = error
        assert refusal is not None
        raise refusal

    def _run(self, turns: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> str:
        given = self._special | ({"tools": tools} if tools else {})
        try:
            return self._template.render(messages=turns, add_generation_prompt=True, **given)
        except FAILURES as error:
            raise _trouble("The model's chat template refused this conversation", self._source, error) from error


def _without_system(messages: Sequence[ChatMessage]) -> list[ChatMessage] | None:
    """Some templates know no system message; what it says then opens the first user message."""
    if len(messages) < 2 or messages[0].role != "system" or messages[1].role != "user":
        return None
    first = replace(messages[1], content=f"{messages[0].content}\n\n{messages[1].content}")
    return [first, *messages[2:]]


def _may_hold_control(text: str) -> bool:
    """Without a tokenizer: every vocabulary writes its control tokens with brackets."""
    return _BRACKETS.search(text) is not None


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
