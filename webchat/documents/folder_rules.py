"""What of a folder is taken: its own patterns after those that always hold. Pure: knows paths, no disk.

Patterns are those of .gitignore: `drafts/`, `*.log`, `/only/at/the/top`, and `!build/` takes back what an earlier line
left out. The last line that fits decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property

from pathspec import GitIgnoreSpec

MAX_LINES = 200
MAX_LINE_CHARS = 300


class Reason(StrEnum):
    """Why something is left out."""

    HIDDEN = "hidden"
    INSTALLED = "installed"
    BUILT = "built"
    TEMPORARY = "temporary"
    EXCLUDED = "excluded"
    NOT_INCLUDED = "not_included"
    KIND = "kind"
    LINK = "link"
    SPECIAL = "special"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    WRITTEN = "written"
    NAME = "name"
    TOO_DEEP = "too_deep"
    TOO_MANY = "too_many"
    OWN_DATA = "own_data"


ALWAYS: dict[Reason, Sequence[str]] = {
    Reason.HIDDEN: [".*"],
    Reason.INSTALLED: ["node_modules/", "bower_components/", "site-packages/", "venv/", "__pycache__/", "*.egg-info/"],
    Reason.BUILT: ["build/", "dist/", "target/", "_build/", "DerivedData/"],
    Reason.TEMPORARY: ["~$*", "*~", "*.tmp", "*.part", "*.crdownload", "$RECYCLE.BIN/", "lost+found/"],
}
DECIDED_BY_PATTERNS = {*ALWAYS, Reason.EXCLUDED, Reason.NOT_INCLUDED}
ENVIRONMENT_MARK = "pyvenv.cfg"  # every Python environment has one, whatever its folder is called


class PatternError(ValueError):
    """A pattern that cannot be read; `str(error)` is fit to be shown."""


class FolderRules:
    """The patterns of one folder, ready to be asked."""

    def __init__(self, include: str = "", exclude: str = "") -> None:
        self._always = [(line, reason) for reason, lines in ALWAYS.items() for line in lines]
        self._excluding = _spec([line for line, _ in self._always] + _lines(exclude))
        self._including = _spec(_lines(include))

    @cached_property
    def includes_all(self) -> bool:
        return not self._including.patterns

    def against_folder(self, relative: str) -> Reason | None:
        """Why nothing below this folder is looked at; None when it is entered."""
        return self._excluded(f"{relative}/")

    def against_file(self, relative: str) -> Reason | None:
        """Which pattern leaves this file out, of a folder that is entered."""
        if reason := self._excluded(relative):
            return reason
        if self.includes_all or self._including.match_file(relative):
            return None
        return Reason.NOT_INCLUDED

    def _excluded(self, path: str) -> Reason | None:
        result = self._excluding.check_file(path)
        if not result.include or result.index is None:
            return None
        return self._always[result.index][1] if result.index < len(self._always) else Reason.EXCLUDED


def check(text: str) -> None:
    """Refuses what a person wrote with a PatternError, if it cannot be used."""
    lines = _lines(text)
    if len(lines) > MAX_LINES:
        raise PatternError(f"These are {len(lines)} patterns; up to {MAX_LINES} can be given.")
    for line in lines:
        if len(line) > MAX_LINE_CHARS:
            raise PatternError(f"The pattern “{line[:40]}…” is longer than {MAX_LINE_CHARS} characters.")
        _spec([line])


def exactly(relative: str) -> str:
    """The pattern that fits this one file and no other."""
    escaped = "".join(_escaped(char) for char in relative)
    return f"/{escaped[:-1]}\\ " if escaped.endswith(" ") else f"/{escaped}"


def _escaped(char: str) -> str:
    if char in "\\*?[]!#":
        return f"\\{char}"
    return char if char.isprintable() else "?"  # a line end would end the pattern


def _lines(text: str) -> list[str]:
    lines = [line.lstrip() for line in text.splitlines()]  # spaces at the end are the library's business
    return [line for line in lines if line and not line.startswith("#")]


def _spec(lines: Sequence[str]) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise PatternError(f"The pattern “{lines[-1]}” cannot be read. Write it as in a .gitignore file.") from error
