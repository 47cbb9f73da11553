"""docs/api.md is complete: whoever adds a field says there how it behaves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ninja import Schema

from webchat.api.openai_schemas import ChatCompletion, Embedding, PlainCompletion
from webchat.api.search_schemas import PassageOut, SearchIn, WhyIn, WhyOut
from webchat.api.shelves_schemas import CollectionOut, DocumentOut, IntakeOut

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.mark.parametrize(
    "body",
    [
        *(ChatCompletion, PlainCompletion, Embedding),
        *(SearchIn, PassageOut, WhyIn, WhyOut, CollectionOut, DocumentOut, IntakeOut),
    ],
)
def test_every_field_has_its_words(body: type[Schema]) -> None:
    named = set(re.findall(r"[`\"]([a-z_]+)[`\"]", PAGE.read_text()))
    fields = {field.alias or name for name, field in body.model_fields.items()}
    assert fields <= named
