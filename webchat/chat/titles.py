"""A conversation's name, taken from its first question: no model is asked."""

from __future__ import annotations

import re

MAX_WORDS = 8
MAX_CHARS = 60

_MARKUP = re.compile(r"```.*?(?:```|\Z)|[`*~|]+|^\s*[#>]+", re.DOTALL | re.MULTILINE)
_ADDRESS = re.compile(r"https?://(?:www\.)?([^\s/]+)\S*")


def title_of(question: str) -> str:
    """The first words of the first line that has any."""
    plain = _ADDRESS.sub(r"\1", _MARKUP.sub(" ", question))
    words = next((line.split() for line in plain.splitlines() if line.split()), question.split())
    title = " ".join(words[:MAX_WORDS])
    if len(title) > MAX_CHARS:
        title = title[:MAX_CHARS].rsplit(" ", 1)[0] if " " in title[:MAX_CHARS] else title[:MAX_CHARS]
    is_whole = title == " ".join(words)
    title = title.rstrip(" ,;:.–-") if is_whole else title.rstrip(" ,;:.?!–-") + "…"
    return title[:1].upper() + title[1:]
