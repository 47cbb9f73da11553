from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from docs_index.errors import DamagedDocument, EmptyDocument, LimitExceeded, ProtectedDocument, UnsupportedFormat
from docs_index.readers import docx
from docs_index.readers.archive import OLE_MAGIC
from docs_index.types import Extraction, Heading
from tests.docs_index.files import write_docx, write_zip_bomb
from tests.docs_index.office_files import with_part, write_zip


def test_it_keeps_headings_paragraphs_and_rows(tmp_path: Path) -> None:
    path = write_docx(
        tmp_path / "a.docx", ["They roar.", "They sleep."], heading="Lions", table=[["Age", "7"], ["Name", "Ann"]]
    )
    extraction = docx.read(path)
    assert extraction.text == "Lions\n\nThey roar.\n\nThey sleep.\n\nAge | 7\nName | Ann"
    assert extraction.title == "Lions"


WORD = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)


def paragraph(text: str, *, style: str = "", item: tuple[int, int] | None = None) -> str:
    """`item` is the number of a list and the level in it."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    listed = f'<w:numPr><w:ilvl w:val="{item[1]}"/><w:numId w:val="{item[0]}"/></w:numPr>' if item else ""
    return f"<w:p><w:pPr>{named}{listed}</w:pPr>{run(text)}</w:p>"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def style(name: str, inside: str, base: str = "") -> str:
    based = f'<w:basedOn w:val="{base}"/>' if base else ""
    named = f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{name}"/>'
    return f"{named}{based}<w:pPr>{inside}</w:pPr></w:style>"


def counted(number: int, levels: Sequence[tuple[str, str]], start: int = 1) -> str:
    described = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for n, (form, text) in enumerate(levels)
    )
    return f'<w:abstractNum w:abstractNumId="{number}">{described}</w:abstractNum>'


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Extraction]:
    """Reads a document of that body, those styles and those lists."""

    def reads(body: str, *, styles: str = "", lists: str = "") -> Extraction:
        path = write_docx(tmp_path / "a.docx", ["x"])
        for name, element, inside in (
            ("document", "document", f"<w:body>{body}</w:body>"),
            ("styles", "styles", styles),
            ("numbering", "numbering", lists),
        ):
            path = with_part(path, f"word/{name}.xml", f"<w:{element} {WORD}>{inside}</w:{element}>")
        return docx.read(path)

    return reads


class TestNumbers:
    """Word shows them and does not write them."""

    CLAUSES = counted(0, [("decimal", "§ %1"), ("decimal", "%1.%2"), ("lowerLetter", "%3)")])
    LISTS = f"{CLAUSES}{counted(1, [('upperRoman', '%1.'), ('bullet', '•')], start=4)}"
    NUMBERS = (
        '<w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="8"><w:abstractNumId w:val="1"/></w:num>'
    )
    AGAIN = (
        '<w:num w:numId="9"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/>'
        "</w:lvlOverride></w:num>"
    )

    @pytest.mark.parametrize(
        "items, labels",
        [
            ([(7, 0), (7, 1), (7, 1), (7, 2), (7, 0), (7, 1)], ["§ 1", "1.1", "1.2", "a)", "§ 2", "2.1"]),
            ([(8, 0), (8, 0), (8, 1)], ["IV.", "V.", ""]),
            ([(7, 0), (8, 0), (7, 0), (9, 0), (9, 0)], ["§ 1", "IV.", "§ 2", "§ 1", "§ 2"]),
            ([(0, 0), (99, 0), (7, 44)], ["", "", ""]),
        ],
    )
    def test_each_paragraph_has_the_one_that_word_shows(
        self, read: Callable[..., Extraction], items: list[tuple[int, int]], labels: list[str]
    ) -> None:
        body = "".join(paragraph("x", item=item) for item in items)
        text = read(body, lists=self.LISTS + self.NUMBERS + self.AGAIN).text
        assert [line for line in text.split("\n") if line] == [f"{label} x".strip() for label in labels]

    def test_a_heading_has_it_in_its_title(self, read: Callable[..., Extraction]) -> None:
        styles = style("heading 1", '<w:outlineLvl w:val="0"/><w:numPr><w:numId w:val="7"/></w:numPr>')
        extraction = read(paragraph("Duties", style="heading 1"), styles=styles, lists=self.LISTS + self.NUMBERS)
        assert extraction.headings == (Heading(0, 1, "§ 1 Duties"),)


def test_headings_are_known_by_what_their_style_inherits(read: Callable[..., Extraction]) -> None:
    styles = style("Überschrift", '<w:outlineLvl w:val="1"/>') + style("It's ours", "", base="Überschrift")
    extraction = read(paragraph("Cats", style="It's ours") + paragraph("They roar."), styles=styles)
    assert extraction.headings == (Heading(0, 2, "Cats"),)


def test_styles_that_stand_on_each_other_end(read: Callable[..., Extraction]) -> None:
    styles = style("one", "", base="two") + style("two", "", base="one")
    assert read(paragraph("Cats", style="one"), styles=styles).headings == ()


@pytest.mark.parametrize(
    "inside, text",
    [
        (f'{run("on page ")}<w:fldSimple w:instr="PAGEREF">{run("7")}</w:fldSimple>{run(".")}', "on page 7."),
        (
            f"{run('so ')}<m:oMath><m:r><m:t>a=</m:t></m:r><m:f><m:num><m:r><m:t>F</m:t></m:r></m:num><m:den><m:r>"
            "<m:t>2m</m:t></m:r></m:den></m:f></m:oMath>" + run("."),
            "so a=F/(2m).",
        ),
        (
            "<m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>",
            "x^2",
        ),
        (f"<w:ins>{run('kept')}</w:ins><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>", "kept"),
        ("<w:r><w:t>Schiff</w:t><w:softHyphen/><w:t>fahrt</w:t></w:r>", "Schifffahrt"),
    ],
)
def test_what_stands_inside_of_a_paragraph_is_read(read: Callable[..., Extraction], inside: str, text: str) -> None:
    assert read(f"<w:p>{inside}</w:p>").text == text


@pytest.mark.parametrize(
    "older", ["", "<mc:Fallback/>", "<mc:Fallback><w:pict><w:txbxContent>{}</w:txbxContent></w:pict></mc:Fallback>"]
)
def test_a_text_box_is_read_once_whoever_it_was_written_for(read: Callable[..., Extraction], older: str) -> None:
    box = f"<mc:Choice><w:drawing><w:txbxContent>{paragraph('inside')}</w:txbxContent></w:drawing></mc:Choice>"
    body = f"<w:p><w:r><mc:AlternateContent>{box}{older.format(paragraph('inside'))}</mc:AlternateContent></w:r></w:p>"
    assert read(paragraph("before") + body).text == "before\n\ninside"


def test_the_lines_of_a_table_of_contents_are_left_out(read: Callable[..., Extraction]) -> None:
    assert read(paragraph("Duties 3", style="toc 1") + paragraph("Duties"), styles=style("toc 1", "")).text == "Duties"


def test_a_document_of_word_in_the_browser_has_another_name_inside(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", ["They roar."])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["word/document2.xml"] = parts.pop("word/document.xml")
    for name in ("_rels/.rels", "[Content_Types].xml"):
        parts[name] = parts[name].replace(b"word/document.xml", b"word/document2.xml")
    parts["word/_rels/document2.xml.rels"] = parts.pop("word/_rels/document.xml.rels")
    assert docx.read(write_zip(path, parts)).text == "They roar."


def test_no_zip_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"Dear all, this was never a Word document.")
    with pytest.raises(DamagedDocument, match="not a whole Word document"):
        docx.read(path)


def test_half_a_document_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", ["Lions"] * 100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DamagedDocument):
        docx.read(path)


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.touch()
    with pytest.raises(EmptyDocument, match="empty"):
        docx.read(path)


def test_a_document_of_no_words_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match="no text in this Word document"):
        docx.read(write_docx(tmp_path / "a.docx", []))


@pytest.mark.parametrize("xml", ["<w:document", "<a/>", "not xml"])
def test_broken_insides_are_said_to_be_damaged(tmp_path: Path, xml: str) -> None:
    whole, broken = write_docx(tmp_path / "whole.docx", ["Lions"]), tmp_path / "a.docx"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            new.writestr(name, xml if name == "word/document.xml" else old.read(name))
    with pytest.raises((DamagedDocument, EmptyDocument)):
        docx.read(broken)


def test_a_zip_of_something_else_is_said_to_be_that(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "Lions")
    with pytest.raises(UnsupportedFormat, match="not a Word document"):
        docx.read(path)


@pytest.mark.parametrize("megabytes", [30, 301])
def test_row_36_a_zip_bomb_is_not_unpacked(tmp_path: Path, megabytes: int) -> None:
    with pytest.raises(LimitExceeded, match=f"would unpack to {megabytes} MB"):
        docx.read(write_zip_bomb(tmp_path / "a.docx", megabytes))


@pytest.mark.parametrize(
    "inside, kind, sentence",
    [
        ("EncryptedPackage", ProtectedDocument, "asks for a password"),
        ("WordDocument", UnsupportedFormat, r"old Word \(.doc\)"),
    ],
)
def test_older_containers_are_told_apart(tmp_path: Path, inside: str, kind: type[Exception], sentence: str) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(OLE_MAGIC + bytes(500) + inside.encode("utf-16-le") + bytes(500))
    with pytest.raises(kind, match=sentence):
        docx.read(path)


def with_body(path: Path, declarations: str, text: str) -> Path:
    """A Word document whose XML declares what it should not."""
    whole = write_docx(path.with_name("whole.docx"), ["x"])
    body = (
        f'<?xml version="1.0"?><!DOCTYPE w [{declarations}]>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    )
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            target.writestr(name, body if name == "word/document.xml" else source.read(name))
    return path


def test_row_37_a_billion_laughs_are_not_laughed(tmp_path: Path) -> None:
    laughs = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(LimitExceeded, match="unfolds without end"):
        docx.read(with_body(tmp_path / "a.docx", laughs, "&a9;"))


def test_row_37_no_other_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    path = with_body(tmp_path / "a.docx", f'<!ENTITY x SYSTEM "{secret.as_uri()}">', "before &x; after")
    assert docx.read(path).text == "before after"
