"""The documentation says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from webchat.environment import Environment

PROJECT = Path(__file__).resolve().parent.parent
ROWS = re.compile(r"^\| `(INGLENOOK_\w+)` \| (.*?) \| (.*?) \|$", re.MULTILINE)


def documented() -> dict[str, tuple[str, str]]:
    text = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    return {name: (default, meaning) for name, default, meaning in ROWS.findall(text)}


def test_every_setting_is_documented_in_its_own_words() -> None:
    described = {f"INGLENOOK_{name.upper()}": field.description for name, field in Environment.model_fields.items()}
    assert {name: meaning for name, (_, meaning) in documented().items()} == described


def test_documented_defaults_are_the_real_ones() -> None:
    for name, field in Environment.model_fields.items():
        shown = documented()[f"INGLENOOK_{name.upper()}"][0]
        if shown.startswith("`"):
            assert shown.strip("`").lower() == str(field.default).lower(), name


def test_links_inside_the_documentation_lead_somewhere() -> None:
    for page in [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
