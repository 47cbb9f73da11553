from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from docs_index.errors import EmptyDocument, ReadError, UnsupportedFormat
from docs_index.readers import eml
from docs_index.types import Extraction
from tests.growth import grows_no_faster_than_its_size


def letter(text: str = "They roar.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Anna <anna@example.org>", "bert@example.org", "Löwen"
    message.set_content(text)
    return message


def read(path: Path, data: bytes | EmailMessage) -> Extraction:
    path.write_bytes(data if isinstance(data, bytes) else data.as_bytes())
    return eml.read(path)


def test_it_says_who_wrote_what_to_whom(tmp_path: Path) -> None:
    extraction = read(tmp_path / "a.eml", letter())
    assert extraction.text == "From: Anna <anna@example.org>\nTo: bert@example.org\nSubject: Löwen\n\nThey roar."
    assert extraction.title == "Löwen"


def test_of_alternatives_the_plain_one_is_read(tmp_path: Path) -> None:
    message = letter()
    message.add_alternative("<p>They <b>roar</b>.</p>", subtype="html")
    assert read(tmp_path / "a.eml", message).text.count("roar") == 1


def test_a_letter_of_html_alone_is_read_as_a_page(tmp_path: Path) -> None:
    message = letter()
    message.set_content("<style>p {}</style><p>They <b>roar</b>.</p>", subtype="html")
    assert read(tmp_path / "a.eml", message).text.endswith("\n\nThey roar.")


def test_attachments_are_named_and_not_read(tmp_path: Path) -> None:
    message = letter()
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="bill.pdf")
    message.add_attachment("secret", filename="note.txt")
    extraction = read(tmp_path / "a.eml", message)
    assert extraction.text.endswith("Attachments: bill.pdf, note.txt") and "secret" not in extraction.text
    assert extraction.warnings == ("2 attachments are not read: bill.pdf, note.txt",)


def test_a_letter_inside_of_a_letter_says_who_wrote_it(tmp_path: Path) -> None:
    message = letter("See below.")
    message.make_mixed()
    inner = letter("Tigers swim.")
    inner.replace_header("From", "Carl <carl@example.org>")
    message.attach(_forwarded(inner))
    heads = "To: bert@example.org\nSubject: Löwen\n\n"
    assert read(tmp_path / "a.eml", message).text == (
        f"From: Anna <anna@example.org>\n{heads}See below.\n\nFrom: Carl <carl@example.org>\n{heads}Tigers swim."
    )


def _forwarded(inner: EmailMessage) -> EmailMessage:
    outer = EmailMessage()
    outer.set_content(inner)
    return outer


@pytest.mark.parametrize("charset", ["unknown-8bit", "x-nothing", "us-ascii"])
def test_a_wrong_character_set_is_guessed(tmp_path: Path, charset: str) -> None:
    head = f"Subject: x\nContent-Type: text/plain; charset={charset}\n\n".encode()
    assert read(tmp_path / "a.eml", head + "Die Löwen brüllen.".encode()).text.endswith("Die Löwen brüllen.")


def test_deep_nesting_is_no_danger(tmp_path: Path) -> None:
    opening = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(3000))
    with pytest.raises(ReadError):
        read(tmp_path / "a.eml", f"Subject: x\n{opening}Content-Type: text/plain\n\nroar".encode())


def test_a_letter_of_many_parts_to_many_people_is_read_in_time_that_grows_with_it(tmp_path: Path) -> None:
    def read_letter(size: int) -> None:
        parts = "--b\nContent-Type: text/plain\n\nroar\n" * size
        head = f"Subject: x\nTo: {', '.join(['a@example.org'] * 4 * size)}\n"
        message = f'{head}Content-Type: multipart/mixed; boundary="b"\n\n{parts}'
        assert "roar" in read(tmp_path / "a.eml", message.encode()).text

    assert grows_no_faster_than_its_size(read_letter, 400)  # not so with the newer policies of the standard library


@pytest.mark.parametrize(
    "data, kind", [(b"", EmptyDocument), (b"Dear all,\nhello", UnsupportedFormat), (b"\x00\x01\xff" * 99, ReadError)]
)
def test_what_is_no_letter_is_said(tmp_path: Path, data: bytes, kind: type[ReadError]) -> None:
    with pytest.raises(kind):
        read(tmp_path / "a.eml", data)
