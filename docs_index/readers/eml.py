"""E-mails: who wrote to whom and when, the subject, and the text. Attachments are named, not read."""

from __future__ import annotations

import email
import email.errors
import email.policy
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

from docs_index.errors import EmptyDocument, LimitExceeded, UnsupportedFormat
from docs_index.readers import html
from docs_index.readers.decoding import decode_bytes
from docs_index.readers.draft import Draft
from docs_index.types import Extraction

MAX_BYTES = 100_000_000
HEADERS = ("From", "To", "Cc", "Date", "Subject")
TELLING = frozenset({"from", "to", "subject", "date", "received", "return-path", "message-id", "mime-version"})
FORWARDED = "message/rfc822"
MAX_NAMED = 5
MAX_HEADER_CHARS = 20_000


def read(path: Path) -> Extraction:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise LimitExceeded(f"This e-mail holds {size // 1_000_000:,} MB; e-mails of up to 100 MB can be read.")
    data = path.read_bytes()
    if not data.strip():
        raise EmptyDocument("There is no text in this file: it is empty.")
    try:
        message = email.message_from_bytes(data.lstrip(), policy=email.policy.compat32)
        if not TELLING & {name.lower() for name, _ in message.items()}:
            raise UnsupportedFormat("This is not an e-mail, although its name says so.")
        return _message(message)
    except RecursionError:
        raise LimitExceeded("This e-mail is nested too deeply to be read.") from None


def _message(message: Message) -> Extraction:
    draft, attachments = Draft(), []
    draft.add("\n".join(_headers(message)))
    for part in _leaves(message):
        if part.get_content_type() == FORWARDED:
            draft.add("\n".join(_headers(_inside(part))))
            continue
        name = _file_name(part)
        if name or part.get_content_disposition() == "attachment":
            attachments.append(name or part.get_content_type())
        elif part.get_content_type() == "text/plain" or part.get_content_type() == "text/html":
            draft.add(_text(part))
    if attachments:
        draft.add("Attachments: " + ", ".join(attachments))
    return draft.finish(
        "There is no text in this e-mail.", title=_header(message, "Subject"), warnings=_left(attachments)
    )


def _leaves(message: Message) -> Iterator[Message]:
    """The parts with contents; of alternatives the plain one, for the others say the same.

    A letter that was forwarded comes before its own parts.
    """
    payload = message.get_payload()
    if not isinstance(payload, list):
        yield message
        return
    if message.get_content_type() == FORWARDED:
        yield message
    parts = [part for part in payload if isinstance(part, Message)]
    if message.get_content_type() == "multipart/alternative":
        parts = [part for part in parts if part.get_content_type() == "text/plain"] or parts[-1:]
    for part in parts:
        yield from _leaves(part)


def _inside(forwarded: Message) -> Message:
    payload = forwarded.get_payload()
    inside = payload[0] if isinstance(payload, list) and payload else None
    return inside if isinstance(inside, Message) else forwarded


def _headers(message: Message) -> Iterator[str]:
    for name in HEADERS:
        value = _header(message, name)
        if value:
            yield f"{name}: {value}"


def _header(message: Message, name: str) -> str:
    """Not by the newer policies of `email`: they take minutes for a letter to thousands of people."""
    value = str(message.get(name) or "")[:MAX_HEADER_CHARS]
    try:
        return " ".join(str(make_header(decode_header(value))).split())
    except (ValueError, LookupError, email.errors.MessageError):
        return " ".join(value.split())  # it breaks the rules


def _file_name(part: Message) -> str:
    name = part.get_filename() or ""
    try:
        return str(make_header(decode_header(name)))
    except (ValueError, LookupError, email.errors.MessageError):
        return name


def _text(part: Message) -> str:
    content = _decoded(part)
    if part.get_content_type() == "text/plain":
        return content
    try:
        return html.extract(content).text
    except EmptyDocument:
        return ""


def _decoded(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or not data.strip():
        return ""
    charset = part.get_content_charset() or ""
    try:
        return data.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return decode_bytes(data)  # it names no character set, or the wrong one


def _left(attachments: list[str]) -> tuple[str, ...]:
    if not attachments:
        return ()
    named = ", ".join(attachments[:MAX_NAMED]) + ("…" if len(attachments) > MAX_NAMED else "")
    return (f"{len(attachments)} attachment{'s are' if len(attachments) > 1 else ' is'} not read: {named}",)
