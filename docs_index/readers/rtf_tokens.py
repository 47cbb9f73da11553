"""Rich Text Format → its tokens: groups, control words, bytes of text (RTF 1.9.1, "RTF syntax"). Knows no meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto

TOKEN = re.compile(
    r"""\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})?[ ]?
      | \\'(?P<code>[0-9a-fA-F]{2})
      | \\(?P<sign>[^a-zA-Z])
      | (?P<brace>[{}])
      | (?P<text>[^\\{}\r\n\0]+)
      | [\r\n\0]+ | \\""",
    re.VERBOSE | re.DOTALL,
)
TEXT_SIGNS = "{}\\"


class Kind(Enum):
    """What a token is."""

    OPEN = auto()
    CLOSE = auto()
    WORD = auto()  # its name; "*", "~", "-" and the like are words of one sign
    BYTES = auto()  # each as the character of the same number, to be decoded by whoever knows the font


Token = tuple[Kind, str, int | None]  # with the number of a control word


def tokens(source: str) -> Iterator[Token]:
    """In their order. `source` holds the bytes of the file, each as the character of the same number."""
    at = 0
    while found := TOKEN.match(source, at):
        at = found.end()
        word, number, code, sign, brace, text = found.groups()
        if text is not None:
            yield Kind.BYTES, text, None
        elif word == "bin":  # so many bytes follow, braces among them
            at += max(0, int(number or 0))
        elif word is not None:
            yield Kind.WORD, word, int(number) if number else None
        elif brace is not None:
            yield Kind.OPEN if brace == "{" else Kind.CLOSE, brace, None
        elif code is not None:
            yield Kind.BYTES, chr(int(code, 16)), None
        elif sign is not None:
            yield from _of_sign(sign)


def _of_sign(sign: str) -> Iterator[Token]:
    if sign in TEXT_SIGNS:
        yield Kind.BYTES, sign, None
    else:
        yield Kind.WORD, "par" if sign in "\r\n" else sign, None
