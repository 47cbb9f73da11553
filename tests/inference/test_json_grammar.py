from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.errors import InvalidRequest
from inference.gbnf import compile_grammar
from inference.grammar import Matcher
from inference.json_grammar import TYPES, schema_grammar
from tests.inference.test_grammar import accepts

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
NUMBERS = {"type": "array", "items": NUMBER}
PERSON = {
    "type": "object",
    "properties": {"name": TEXT, "age": NUMBER, "tags": {"type": "array", "items": TEXT}},
    "required": ["name", "tags"],
    "additionalProperties": False,
}
TWO = {"properties": {"a": {}, "b": {}}}
OPEN = {"properties": {"a": {}}, "additionalProperties": NUMBER}
ONE, OTHER = ({"properties": {name: NUMBER}, "required": [name]} for name in "ab")
NODE = {"properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}, "required": ["next"]}
TREE = {"$ref": "#/$defs/node", "$defs": {"node": NODE}}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string"}, ['"a"', '"\\n\\u00e9 é"'], ["a", '"', "1", '"\\x"']),
        ({"type": "integer"}, ["0", "-12"], ["01", "1.0", "+1"]),
        ({"type": "number"}, ["0", "-1.5e10"], ["1.", ".5"]),
        ({"type": "boolean"}, ["true", "false"], ["True"]),
        ({"type": "null"}, ["null"], ["nil"]),
        ({"type": ["string", "null"]}, ['"a"', "null"], ["1"]),
        ({"enum": ["a", 1, None, {"x": [True]}]}, ['"a"', "1", "null", '{"x": [true]}'], ['"b"', "2"]),
        ({"const": 'say "hi"\\\n'}, [json.dumps('say "hi"\\\n')], ['"say"']),
        (PERSON, ['{"name":"A","age":3,"tags":[]}', '{ "name": "A", "tags": ["x", "y"] }'], ['{"name":"A"}', "{}"]),
        (PERSON, [], ['{"tags":[],"name":"A"}', '{"name":"A","tags":[],"more":1}']),
        (TWO, ["{}", '{"a":1}', '{"b":[2]}', '{"a":1,"b":2}'], ['{"b":1,"a":2}', "[]", '{,"a":1}']),
        (OPEN, ["{}", '{"a":"x","z":1}', '{"z":1,"y":2}'], ['{"z":"x"}']),
        ({"type": "object"}, ["{}", '{"any":{"thing":[1]}}'], ["[]"]),
        ({}, ["1", '"x"', '{"a":[]}'], ["", "x"]),
        ({"type": "array"}, ["[]", '[1,"x",[]]'], ["{}"]),
        (NUMBERS | {"minItems": 2, "maxItems": 3}, ["[1,2]", "[1, 2, 3]"], ["[]", "[1]", "[1,2,3,4]", '["a","b"]']),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 0}, ["[]"], ["[1]"]),
        ({"prefixItems": [{"type": "integer"}, {"type": "string"}]}, ['[1,"a"]'], ["[1]", '["a",1]']),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ['"ab"', '"é🦉\\n"'], ['"a"', '"abcd"']),
        ({"type": "string", "format": "date"}, ['"2026-11-22"'], ['"2026-13-22"', '"x"']),
        ({"type": "string", "format": "date-time"}, ['"2026-11-22T13:50:00Z"'], ['"2026-11-22"']),
        ({"type": "string", "format": "uuid"}, ['"01234567-89ab-cdef-0123-456789abcdef"'], ['"0123"']),
        ({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, ["1", "true"], ['"x"']),
        ({"allOf": [ONE, {"$ref": "#/$defs/other"}], "$defs": {"other": OTHER}}, ['{"a":1,"b":2}'], ["{}", '{"a":1}']),
        (TREE, ['{"next":null}', '{"next":{"next":null}}'], ["null", '{"next":{}}']),
        ({"properties": {'q"\\': {"type": "null"}}, "required": ['q"\\']}, ['{"q\\"\\\\":null}'], ["{}"]),
    ],
)  # fmt: skip
def test_the_grammar_holds_what_the_schema_says(schema: dict[str, Any], good: list[str], bad: list[str]) -> None:
    grammar = schema_grammar(schema, strict=True)
    assert [text for text in good if not accepts(grammar, text)] == []
    assert [text for text in bad if accepts(grammar, text)] == []


def deep(levels: int) -> dict[str, Any]:
    return {"type": "array", "items": deep(levels - 1) if levels else {}}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("string", "must be an object"),
        ({"type": "wizard"}, "unknown type at '/': wizard"),
        ({"type": {}}, "unknown type"),
        ({"$ref": "#/$defs/nobody"}, "does not define"),
        ({"$ref": "https://example.com/schema"}, "only its own parts"),
        ({"$ref": 5}, "no text"),
        ({"enum": []}, "must be a list"),
        ({"anyOf": {}}, "must be a list"),
        ({"allOf": [5]}, "not a schema"),
        ({"properties": []}, "must be an object"),
        ({"required": 5, "properties": {}}, "must be a list"),
        ({"type": []}, "must be a list"),
        ({"properties": {"a": 5}}, "at '/properties/a'"),
        ({"items": False}, "not a schema"),
        ({"type": "string", "minLength": -1}, "do not make sense"),
        ({"type": "string", "minLength": True}, "do not make sense"),
        ({"type": "array", "minItems": 3, "maxItems": 2}, "do not make sense"),
        ({"type": "string", "pattern": "^a+$"}, "'pattern'"),
        ({"properties": {"n": {"type": "integer", "minimum": 3}}}, "'minimum' at '/properties/n'"),
        ({"description": "x" * 70_000}, "longer than"),
        (deep(60), "nested more than"),
        ({"enum": ["x"] * 10_000 + [1]}, None),
        ({"allOf": [{"$ref": "#"}]}, "nested more than"),
    ],
)
def test_what_it_cannot_hold_is_refused(schema: object, words: str | None) -> None:
    if words is None:
        assert accepts(schema_grammar(schema, strict=True), '"x"')
        return
    with pytest.raises(InvalidRequest, match=words):
        schema_grammar(schema, strict=True)


WORDS = "type properties required additionalProperties items prefixItems minItems maxItems minLength enum const".split()  # noqa: SIM905
WORDS += ["anyOf", "oneOf", "allOf", "$ref", "$defs", "format"]
SCHEMAS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*TYPES, "#", "#/$defs/a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WORDS, "a"]), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(WORDS), SCHEMAS, max_size=4))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nonsense_ends_in_a_grammar_or_a_sentence(schema: dict[str, Any]) -> None:
    try:
        grammar = schema_grammar(schema)
        Matcher(compile_grammar(grammar))
    except InvalidRequest as error:
        assert str(error)


def test_what_is_not_meant_strictly_is_held_as_far_as_it_goes() -> None:
    assert accepts(schema_grammar({"type": "integer", "minimum": 3}), "2")


def test_a_schema_that_is_only_itself_allows_nothing() -> None:
    assert not accepts(schema_grammar({"$ref": "#"}), "1")
