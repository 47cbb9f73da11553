"""Where a JSON object or list ends, found while it comes in pieces. Pure; counts brackets, and does not judge."""

from __future__ import annotations

import re

_SIGNS = re.compile(r'["{}\[\]\\]')


class JsonScan:
    """One value that is fed from its opening bracket on, or from inside of `depth` brackets."""

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth
        self._in_string = False
        self._is_escaped = False  # the next character is

    def feed(self, text: str) -> int | None:
        """How much of the text belongs to the value; None: all, and more is to come."""
        at = int(self._is_escaped and bool(text))
        self._is_escaped = self._is_escaped and not text
        while found := _SIGNS.search(text, at):
            at = found.end()
            if self._in_string:
                at += self._inside(found[0], at == len(text))
            elif self._outside(found[0]):
                return at
        return None

    def _inside(self, sign: str, is_last: bool) -> int:
        """In a string. Answers how many characters to skip."""
        if sign == "\\":
            self._is_escaped = is_last
            return 1
        self._in_string = sign != '"'
        return 0

    def _outside(self, sign: str) -> bool:
        """Between strings. Answers whether that was the end."""
        self._in_string = sign == '"'
        self.depth += (sign in "{[") - (sign in "}]")
        return sign in "}]" and self.depth <= 0
