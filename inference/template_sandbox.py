"""A Jinja environment for templates that come out of model files: hostile until shown otherwise.

Jinja's own immutable sandbox keeps a template away from Python. What it leaves open is waste: nested loops that never
end, strings that double until memory is gone. Here every loop turn, macro and call looks at the clock, every way to
make a long string has a bound, and only the filters and string methods that chat templates need exist.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

RENDER_LIMIT_S = 2.0
TEXT_LIMIT_CHARS = 16_000_000
ITEMS_LIMIT = 100_000
RANGE_LIMIT = 10_000
NUMBER_LIMIT = 1 << 64

PLAIN_FILTERS = """
    abs capitalize count d default dictsort e escape first float int items last length list lower map max min
    reject rejectattr reverse safe select selectattr sort string sum title trim unique upper
"""
GROWING_FILTERS = "indent join replace round"
STRING_METHODS = """
    capitalize count endswith find index isalnum isalpha isdigit isspace join lower lstrip partition removeprefix
    removesuffix replace rfind rpartition rsplit rstrip split splitlines startswith strip title upper
"""
ALLOWED_METHODS = frozenset(STRING_METHODS.split())


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox with bounds. One environment renders one template at a time."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, GenerationTag], finalize=self.emit
        )
        growing = {name: _bounded_filter(self.filters[name]) for name in GROWING_FILTERS.split()}
        self.filters = {name: self.filters[name] for name in PLAIN_FILTERS.split()} | growing | {"tojson": to_json}
        self.globals = {name: self.globals[name] for name in ("dict", "namespace", "cycler", "joiner")}
        self.globals |= {"range": bounded_range, "raise_exception": raise_exception, "strftime_now": strftime_now}
        self.start_clock()

    def start_clock(self) -> None:
        """Begin a rendering: the time and the text it may use are counted from here."""
        self._deadline = time.monotonic() + RENDER_LIMIT_S
        self._emitted_chars = 0

    def tick(self) -> str:
        """Called in every loop turn and macro."""
        if time.monotonic() > self._deadline:
            raise SecurityError(f"it ran longer than {RENDER_LIMIT_S:g} seconds")
        return ""

    def emit(self, value: object) -> object:
        """Called for every value that goes to the output, or into a block."""
        if isinstance(value, str):
            self._emitted_chars += len(value)
            _check_size(self._emitted_chars)
        return value

    def concat_bounded(self, parts: Sequence[object]) -> str:
        """Stands in for the `~` operator."""
        texts = [str(part) for part in parts]
        _check_size(sum(map(len, texts)))
        return "".join(texts)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        bounded: nodes.Template = _Bounds().visit(tree)
        return bounded

    def wrap_str_format(self, value: Any) -> None:
        """Leaves `str.format` to `is_safe_attribute`, which refuses it: a width in a format string has no bound."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str) and attr not in ALLOWED_METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.tick()
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str) and obj.__name__ in {"replace", "join"}:
            _check_growth(owner, args)
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        self.tick()
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            _check_size(len(left) + len(right))
        elif operator == "+" and isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
            _check_items(len(left) + len(right))
        elif operator == "%" and isinstance(left, str):
            raise SecurityError("string formatting is not allowed")
        elif operator in {"*", "**"}:
            _check_product(operator, left, right)
        return super().call_binop(context, operator, left, right)


class GenerationTag(Extension):
    """`{% generation %}` marks the answers for training; for prompting it means nothing."""

    tags = {"generation"}

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Bounds(NodeTransformer):
    """Puts a tick at the start of each body that may run many times, and bounds `~`."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        return self._with_tick(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        return self._with_tick(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        return self._with_tick(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _environment_call("concat_bounded", [nodes.List(node.nodes)], node.lineno)

    def _with_tick(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        node.body.insert(0, nodes.ExprStmt(_environment_call("tick", [], node.lineno), lineno=node.lineno))
        changed: nodes.Node = node
        return changed


def _environment_call(method: str, arguments: list[nodes.Expr], lineno: int) -> nodes.Call:
    # An attribute of the environment, because a template can set any name of its own to something else.
    return nodes.Call(nodes.EnvironmentAttribute(method), arguments, [], None, None, lineno=lineno)


def bounded_range(*arguments: int) -> range:
    """Jinja's range with a smaller bound."""
    numbers = range(*arguments)
    if len(numbers) > RANGE_LIMIT:
        raise SecurityError(f"a range of more than {RANGE_LIMIT:,} numbers")
    return numbers


def raise_exception(message: object) -> str:
    """How a template refuses a conversation it cannot express."""
    raise TemplateRuntimeError(str(message))


def strftime_now(format: str) -> str:
    """Today, as the template wants it written."""
    return datetime.now().strftime(format)


def to_json(value: object, ensure_ascii: bool = False, indent: int | None = None, sort_keys: bool = False) -> str:
    """JSON as chat templates expect it: characters as they are, nothing escaped for HTML."""
    _check_growth("", (indent or 0,))
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent and min(indent, 16), sort_keys=sort_keys)


def _bounded_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, refusing arguments that would blow its value up. Keeps Jinja's marks on the function."""

    def bounded(*args: Any, **kwargs: Any) -> Any:
        # Filters that want the context or the environment get it first; it is neither text nor number.
        subject = next((arg for arg in args if isinstance(arg, (str, list, tuple))), "")
        _check_growth(subject, [*args, *kwargs.values()])
        return function(*args, **kwargs)

    bounded.__dict__.update(function.__dict__)
    return bounded


def _check_growth(subject: object, arguments: Sequence[object]) -> None:
    size = _text_size(subject)
    for argument in arguments:
        if argument is not subject:
            factor = abs(argument) if isinstance(argument, int) else _text_size(argument)
            _check_size((size + 1) * (factor + 1))


def _text_size(value: object) -> int:
    if isinstance(value, (list, tuple)):
        return sum(len(item) if isinstance(item, str) else 8 for item in value)
    return len(value) if isinstance(value, (str, Mapping)) else 0


def _check_size(chars: int) -> None:
    if chars > TEXT_LIMIT_CHARS:
        raise SecurityError(f"it made a text of more than {TEXT_LIMIT_CHARS:,} characters")


def _check_items(count: int) -> None:
    if count > ITEMS_LIMIT:
        raise SecurityError(f"it made a list of more than {ITEMS_LIMIT:,} items")


def _check_product(operator: str, left: Any, right: Any) -> None:
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, (list, tuple)) and isinstance(times, int):
            _check_items(len(sequence) * times)
        elif isinstance(sequence, str) and isinstance(times, int):
            _check_size(len(sequence) * times)
    if isinstance(left, int) and isinstance(right, int):
        size = left.bit_length() * abs(right) if operator == "**" else left.bit_length() + right.bit_length()
        if size > NUMBER_LIMIT.bit_length():
            raise SecurityError("it made a number that is too large")
