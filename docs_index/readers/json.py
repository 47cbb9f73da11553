"""JSON: objects as sections and lines, a list of records as rows; and JSON lines, a record in each line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docs_index.errors import DamagedDocument, LimitExceeded
from docs_index.readers.decoding import decode
from docs_index.readers.draft import Draft
from docs_index.readers.records import add_value, in_one_line
from docs_index.types import Extraction

NOTHING = "There is no text in this JSON file."
TOO_DEEP = "This JSON file is nested too deeply to be read."


def read_json(path: Path) -> Extraction:
    text = decode(path)
    try:
        value = json.loads(text)
        if isinstance(value, list):
            return _records(value)
        draft = Draft()
        add_value(draft, value)
        return draft.finish(NOTHING, title=_title(value))
    except RecursionError:
        raise LimitExceeded(TOO_DEEP) from None
    except ValueError as error:
        return _lines_after_all(text, error)


def read_jsonl(path: Path) -> Extraction:
    return _lines(decode(path, keeps_lines=True))


def _records(values: list[Any]) -> Extraction:
    """Counted from 1, as a person counts."""
    draft = Draft(counts="record")
    for number, value in enumerate(values, 1):
        draft.add_numbered(number, in_one_line(value))
    return draft.finish(NOTHING)


def _lines(text: str) -> Extraction:
    draft, broken, total = Draft(counts="record"), [], 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        total += 1
        try:
            draft.add_numbered(number, in_one_line(json.loads(line)))
        except RecursionError:
            raise LimitExceeded(TOO_DEEP) from None
        except ValueError:
            broken.append(number)
    if len(broken) == total:
        raise DamagedDocument("No line of this file is JSON. Get or save it again.")
    left_out = f"{len(broken)} of {total} lines {'is' if len(broken) == 1 else 'are'} no JSON and left out"
    return draft.finish(NOTHING, warnings=(f"{left_out}: the first is line {broken[0]}",) if broken else ())


def _lines_after_all(text: str, error: ValueError) -> Extraction:
    """Many programs write JSON lines into a file called .json."""
    first, _, rest = text.partition("\n")
    if rest.strip() and first.lstrip().startswith("{") and first.rstrip().endswith("}"):
        return _lines(text)
    where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
    raise DamagedDocument(f"This JSON file breaks off or is damaged{where}. Get or save it again.") from error


def _title(value: Any) -> str:
    title = value.get("title") if isinstance(value, dict) else None
    return title if isinstance(title, str) else ""
