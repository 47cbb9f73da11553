from __future__ import annotations

import pytest

from inference.chat_template import ChatTemplate, check_template
from inference.errors import TemplateError
from inference.legacy_template import from_legacy, is_legacy
from inference.types import ChatMessage

TALK = [
    ChatMessage("system", "Be kind."),
    ChatMessage("user", "Hello?"),
    ChatMessage("assistant", "Hi."),
    ChatMessage("user", "Why?"),
]


def prompt(source: str) -> str:
    parts = ChatTemplate(from_legacy(source)).render(TALK, guarded=[False] * len(TALK))
    return "".join(part.text for part in parts)


@pytest.mark.parametrize(
    ("source", "written"),
    [
        (
            "### Human:\n%1\n\n### Assistant:\n",
            "Be kind.\n\n### Human:\nHello?\n\n### Assistant:\nHi.\n### Human:\nWhy?\n\n### Assistant:\n",
        ),
        (
            "<|user|>%1<|end|><|bot|>%2<|end|>",
            "Be kind.\n\n<|user|>Hello?<|end|><|bot|>Hi.<|end|><|user|>Why?<|end|><|bot|>",
        ),
        ("[INST] %1 [/INST]%2", "Be kind.\n\n[INST] Hello? [/INST]Hi.[INST] Why? [/INST]"),
        ('it\'s \\n "%1" 🔥é\t', 'Be kind.\n\nit\'s \\n "Hello?" 🔥é\tHi.\nit\'s \\n "Why?" 🔥é\t'),
    ],
)
def test_it_writes_what_gpt4all_wrote(source: str, written: str) -> None:
    assert is_legacy(source)
    assert prompt(source) == written
    check_template(from_legacy(source))


@pytest.mark.parametrize("source", ["%2 %1", "%1 %1", "%1 %2 %2"])
def test_what_nobody_can_read_is_refused(source: str) -> None:
    with pytest.raises(TemplateError, match="GPT4All's old kind"):
        from_legacy(source)


@pytest.mark.parametrize("source", ["{{ messages }} %1", "{% if x %}%1{% endif %}", "no marks", ""])
def test_jinja_is_left_alone(source: str) -> None:
    assert not is_legacy(source)


def test_what_a_template_holds_stays_text() -> None:
    assert "7777777" not in prompt("' ~ 7 * 1111111 ~ '%1")
