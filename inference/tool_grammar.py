"""Tools → a grammar in which every call holds to the JSON schema of its function. Pure.

Where a call is required, the answer is nothing but calls (after the model's reasoning, where its template opens that).
Where it is not, the text is free until the mark of a call comes, and what follows is a call. That needs a mark, and a
prompt that asks for calls in a form we know; elsewhere answers are not held to anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inference.errors import InvalidRequest
from inference.gbnf import compile_grammar
from inference.gbnf_words import literal
from inference.json_grammar import PRIMITIVES, is_of_json, schema_rules
from inference.reasoning import MARKS
from inference.tool_forms import CallForm
from inference.types import SamplingParams, Tool, ToolChoice, ToolUse

GAP = r"gap ::= [ \n]{0,3}"  # before a call and between calls


def constrained(params: SamplingParams, use: ToolUse, form: CallForm, reasoning: str | None) -> SamplingParams:
    """The parameters with a grammar for calls, where there can be one. Raises InvalidRequest.

    `reasoning`: the mark that ends the reasoning which the prompt has begun. A grammar of the request's own stays as it
    is: then nothing is called, unless it stands for JSON; then the answer is either JSON or calls.
    """
    if not use.tools:
        return params
    is_json = is_of_json(params.grammar)
    if use.choice is ToolChoice.REQUIRED:
        if params.grammar and not is_json:
            raise InvalidRequest("'grammar' cannot be given where 'tool_choice' requires a call.")
        return _with(params, _required(use, form, reasoning))
    if is_json:
        return _with(params, _either(params.grammar, use, form))
    if params.grammar or not form.opening or not form.is_shown:
        return params
    try:
        return _with(params, _free(use, form, reasoning))
    except InvalidRequest:  # too large, perhaps: nobody asked for a grammar
        if any(tool.strict for tool in use.tools):
            raise
        return params


def _with(params: SamplingParams, rules: Sequence[str]) -> SamplingParams:
    grammar = "\n".join(rules) + PRIMITIVES
    compile_grammar(grammar)  # refuses here, and is remembered
    return replace(params, grammar=grammar)


def _required(use: ToolUse, form: CallForm, reasoning: str | None) -> list[str]:
    if reasoning is None:
        return ["root ::= gap calls", *_calls(use, form)]
    return ["root ::= k0", *_until(reasoning, "gap calls", "k"), *_calls(use, form)]


def _either(answer: str, use: ToolUse, form: CallForm) -> list[str]:
    rules = answer.removesuffix(PRIMITIVES).replace("root ::=", "answer ::=", 1)
    return ["root ::= answer | gap calls", rules, *_calls(use, form)]


def _free(use: ToolUse, form: CallForm, reasoning: str | None) -> list[str]:
    """Text, with calls where marks come. What the model thinks first is free of that: it may think about marks."""
    following = "behind t0" if use.is_parallel and not form.is_list else "behind"
    rules = [*_until(form.opening, following, "t", may_end=True), *_calls(use, form)]
    if reasoning is not None:
        return ["root ::= k0", *_until(reasoning, "t0", "k", may_end=True), *rules]
    begins = [f"ws {literal(mark)} k{number}x0" for number, mark in enumerate(MARKS)]
    for number, close in enumerate(MARKS.values()):
        rules += _until(close, "t0", f"k{number}x", may_end=True)
    return [" | ".join(["root ::= t0", *begins]), *rules]


def _calls(use: ToolUse, form: CallForm) -> list[str]:
    """`calls`, and `behind`, which is what follows the mark of one."""
    names = use.allowed or tuple(tool.name for tool in use.tools)
    may_be_any = use.choice is not ToolChoice.REQUIRED
    rules, functions = [], []
    for number, tool in enumerate(tool for tool in use.tools if tool.name in names):
        arguments, needed = _arguments(tool, f"a{number}x", may_be_any=may_be_any and not tool.strict)
        rules += [*needed, f"f{number} ::= {_function(tool.name, arguments, form)}"]
        functions.append(f"f{number}")
    rules.append(f"function ::= {' | '.join(functions)}")
    more = ' (ws "," ws function)*' if use.is_parallel else ""
    inside = f'"[" ws function{more} ws "]"' if form.is_list else "function"
    closing = f"ws {literal(form.closing)}" if form.closing else ""
    between = 'ws ";" ws' if not form.opening else "gap"
    again = f" ({between} call)*" if use.is_parallel and not form.is_list else ""
    call = f"{literal(form.opening)} behind" if form.opening else "behind"
    return [*rules, f"behind ::= ws {inside} {closing}", f"call ::= {call}", f"calls ::= call{again}", GAP]


def _function(name: str, arguments: str, form: CallForm) -> str:
    if form.is_bare:
        return f"{literal(name)} ({literal('[CALL_ID]')} [a-zA-Z0-9]{{9}})? {literal('[ARGS]')} {arguments}"
    pair = f'{literal(_quoted(name))} ws "," ws {literal(_quoted(form.arguments))} ws ":" ws {arguments}'
    return f'"{{" ws {literal(_quoted("name"))} ws ":" ws {pair} ws "}}"'


def _arguments(tool: Tool, prefix: str, *, may_be_any: bool) -> tuple[str, list[str]]:
    """The rule of a function's arguments, and those it needs. What cannot be held is any object, if that may be."""
    if not tool.parameters:
        return "object", []
    try:
        if tool.parameters.get("type", "object") != "object":
            raise InvalidRequest("its parameters must be of type object.")
        return schema_rules(dict(tool.parameters), strict=tool.strict, prefix=prefix)
    except InvalidRequest as error:
        if may_be_any:
            return "object", []
        raise InvalidRequest(f"The function '{tool.name}' cannot be called: {error}") from error


def _until(mark: str, following: str, prefix: str, *, may_end: bool = False) -> list[str]:
    """Text up to a mark, and what follows it; where it may, the text ends before. One rule for each state: how much of
    the mark the text ends with. So nothing is ambiguous, and no mark is overlooked."""
    signs = sorted(set(mark))
    others = "[^" + "".join(f"\\{sign}" if sign in r"\[]^-" else sign for sign in signs) + "]"
    rules = []
    for state in range(len(mark)):
        ways = [""] if may_end else []
        for sign in signs:
            reached = _overlap(mark[:state] + sign, mark)
            target = following if reached == len(mark) else f"{prefix}{reached}"
            ways.append(f"{literal(sign)} {target}")
        ways.append(f"{others} {prefix}0")
        rules.append(f"{prefix}{state} ::= {' | '.join(ways)}")
    return rules


def _overlap(text: str, mark: str) -> int:
    """How many of the last characters of the text are the first of the mark."""
    return next(size for size in range(len(text), -1, -1) if mark.startswith(text[len(text) - size :]))


def _quoted(text: str) -> str:
    return f'"{text}"'
