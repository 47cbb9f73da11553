"""The ways in which models write a tool call, as far as one can be asked of them; and which one a prompt shows. Pure.

`tool_split` reads more ways than these: a call that is forced can be forced into one that it knows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallForm:
    """What stands around the name and the arguments of a call."""

    opening: str = ""  # the mark before it; without one, a call is only found at the beginning of an answer
    closing: str = ""
    arguments: str = "arguments"  # their key
    is_list: bool = False  # one mark, and all calls in brackets
    is_bare: bool = False  # the name itself, and the arguments behind it
    is_shown: bool = True  # the prompt asks for calls that are written so


HERMES = CallForm("<tool_call>", "</tool_call>")
MISTRAL = CallForm("[TOOL_CALLS]", is_list=True)
MISTRAL_BARE = CallForm("[TOOL_CALLS]", is_bare=True)
GRANITE = CallForm("<|tool_call|>", is_list=True)
LLAMA = CallForm(arguments="parameters")
OTHER = CallForm("<tool_call>", "</tool_call>", is_shown=False)  # in the place of a form that we cannot ask for


def form_of(call: str) -> CallForm:
    """The form of a call that is written so, from its mark on."""
    for form in (HERMES, MISTRAL, GRANITE):
        inside = call.removeprefix(form.opening).lstrip()
        if call.startswith(form.opening) and inside.startswith("[" if form.is_list else "{"):
            return form
    if call.startswith(MISTRAL_BARE.opening):
        return MISTRAL_BARE
    return LLAMA if call.startswith("{") and '"parameters"' in call[:200] else OTHER
