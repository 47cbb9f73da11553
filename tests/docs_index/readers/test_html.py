from __future__ import annotations

from pathlib import Path

import pytest

from docs_index.errors import EmptyDocument
from docs_index.readers.html import extract, read
from docs_index.types import Heading
from tests.growth import grows_no_faster_than_its_size


@pytest.mark.parametrize(
    "html, text",
    [
        ("<h1>Lions</h1><p>They <b>roar</b>.</p><p>They\n  sleep.</p>", "Lions\n\nThey roar.\n\nThey sleep."),
        ("<div>one<p>two</p>three</div>", "one\n\ntwo\n\nthree"),
        ("<ul><li>one</li><li>two <i>more</i></li></ul>", "one\ntwo more"),
        ("<ol><li>one<li><p>two</p><ul><li>more</ul><li>three</ol>", "1. one\n\n2. two\n\nmore\n3. three"),
        ("<ol start=4><li>one<li value=9>two<li><b>three</b></ol>", "4. one\n9. two\n10. three"),
        ("<ol type=a><li>one</ol><ol start=x><li><img></ol>two", "one\n\ntwo"),
        ("one<br>two", "one\ntwo"),
        ("<table><tr><th>Name<th>Age<tr><td><p>Ann</p><td>7</table>", "Name | Age\nName: Ann | Age: 7"),
        ("<pre>def f():\n    return 1</pre>", "def f():\n    return 1"),
        ("caf&eacute; &lt;b&gt;&nbsp;5&nbsp;€", "café <b> 5 €"),
        ("a<span>b</span>c <span> d</span>", "abc d"),
        ("<p>one</p> <p>two", "one\n\ntwo"),
        ("<b>one</b> <i>two</i>", "one two"),
    ],
)
def test_blocks_become_lines(html: str, text: str) -> None:
    assert extract(html).text == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>x</script>",
        "<style>x</style>",
        "<nav>x</nav>",
        "<template>x</template>",
        "<!-- x -->",
        "<p hidden>x</p>",
        "<div role=navigation>x</div>",
        "<div role=dialog>x</div>",
        "<textarea>x</textarea>",
    ],
)
def test_what_nobody_reads_is_left_out(hidden: str) -> None:
    assert extract(f"<p>one</p>{hidden}<p>two</p>").text == "one\n\ntwo"


def test_the_title_comes_from_the_head_or_the_first_heading() -> None:
    assert extract("<title>Big\n cats</title><h1>Lions</h1>").title == "Big cats"
    assert extract("<h1>Lions</h1>").title == "Lions"


@pytest.mark.parametrize("html", ["<script>only()</script>", "<p> </p>", "<title>A</title>"])
def test_a_page_without_text_is_said_to_be_empty(html: str) -> None:
    with pytest.raises(EmptyDocument):
        extract(html)


@pytest.mark.parametrize("tags", ["<div>", "<ul><li>", "<table><tr><td>", "<p><blockquote>"])
def test_deep_nesting_is_no_danger(tags: str) -> None:
    assert extract(tags * 30_000 + "deep").text == "deep"


def test_deep_nesting_takes_time_that_grows_with_the_page_only() -> None:
    assert grows_no_faster_than_its_size(lambda depth: extract("<div>" * depth + "deep"), 20_000)


def test_boxes_that_nobody_closed_still_stand_below_one_another() -> None:
    text = extract("".join(f"<div>{number}" for number in range(3_000))).text
    assert text.split() == [str(number) for number in range(3_000)]
    assert "\n\n2999" in text


def test_what_stands_around_the_main_part_is_left_out() -> None:
    page = "<header>Shop</header><main><article>one<footer>by Ann</footer></article></main><footer>Imprint</footer>"
    assert extract(page).text == "one\n\nby Ann"


def test_a_head_with_the_title_and_a_page_without_a_main_part_stay_whole() -> None:
    assert extract("<header><h1>Cats</h1></header><main>one</main>").text == "Cats\n\none"
    assert extract("<header>Cats</header><p>one</p><footer>Ann</footer>").text == "Cats\n\none\n\nAnn"


def test_headings_keep_their_level_and_where_they_stand() -> None:
    page = "<main>\n\n<h1> Big\n <i>cats</i></h1><p>x</p><section><h3>Lions<br>of Africa</h3>y</section></main>"
    extraction = extract(page)
    assert extraction.text == "Big cats\n\nx\n\nLions\nof Africa\n\ny"
    assert extraction.headings == (Heading(0, 1, "Big cats"), Heading(extraction.text.index("Lions"), 3, "Lions"))


def test_marks_of_a_page_are_not_taken_for_ours() -> None:
    extraction = extract("<p>one \ufdd0\ufdd1 two</p>")
    assert (extraction.text, extraction.headings) == ("one two", ())


def row_of(*cells: str, tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


class TestTables:
    def test_each_row_says_what_its_cells_are(self) -> None:
        head, body = row_of("Name", "Price", tag="th"), row_of("<b>oil</b> lamp", "4") + row_of("", "9")
        table = f"<p>Prices</p><table><thead>{head}</thead><tbody>{body}</tbody></table><p>End"
        assert extract(table).text == "Prices\n\nName | Price\nName: oil lamp | Price: 4\nPrice: 9\n\nEnd"

    def test_a_first_row_that_reads_like_names_is_a_head(self) -> None:
        table = row_of("Name", "Town", "Work") + row_of("Anna", "Bern", "smith") + row_of("Bert", "Kiel", "cook")
        assert extract(f"<table>{table}</table>").text.endswith("Name: Bert | Town: Kiel | Work: cook")

    @pytest.mark.parametrize(
        "rows",
        [
            row_of("Age", "7") + row_of("Height", "9"),
            row_of("Color", "red") + row_of("Form", "round") + row_of("Taste", "sour"),
            "<tr><th>Color<td>red</tr><tr><th>Form<td>round</tr><tr><th>Size<td>3</tr>",
            row_of("One", "Two", tag="th") + "<tr><td colspan=2>both</td></tr>",
            row_of("One", "Two", tag="th") + row_of("a", "<table><tr><td>inner</table>"),
        ],
    )
    def test_other_tables_stay_as_they_are(self, rows: str) -> None:
        assert ": " not in extract(f"<table>{rows}</table>").text

    def test_nested_tables_take_time_that_grows_with_the_page_only(self) -> None:
        assert grows_no_faster_than_its_size(lambda tables: extract("<table><tr><td>a" * tables), 1_000)


class TestCharacterSets:
    """A short page in an older character set can only be read because it says which."""

    @pytest.mark.parametrize(
        "declared, encoding, text",
        [
            ("iso-8859-2", "iso8859-2", "Łódź żyje"),
            ("windows-1252", "cp1252", "“Café” – 5 €"),
            ("iso-8859-1", "cp1252", "“Café” – 5 €"),  # what it says; what browsers know it means
            ("gb2312", "gbk", "灯塔與"),
            ("Shift_JIS", "cp932", "①灯台"),
            ("iso-2022-jp", "iso2022_jp", "灯台"),
            ("euc-kr", "cp949", "등대 뷁"),
            ("big5", "big5", "燈塔"),
            ("koi8-r", "koi8-r", "Маяк"),
            ("windows-1255", "cp1255", "מגדלור"),
        ],
    )
    @pytest.mark.parametrize(
        "declaration",
        [
            "<meta charset={}>",
            "<META http-equiv='Content-Type' content='text/html; charset={}'>",
            '<?xml version="1.0" encoding="{}"?>',
        ],
    )
    def test_a_page_is_read_as_it_says(
        self, tmp_path: Path, declaration: str, declared: str, encoding: str, text: str
    ) -> None:
        path = tmp_path / "a.html"
        path.write_bytes(f"{declaration.format(declared)}<p>{text}".encode(encoding))
        assert read(path).text == text

    @pytest.mark.parametrize("declared", ["iso-8859-1", "nonsense", "utf-16", "shift_jis", "rot13", "zlib"])
    def test_utf8_is_surer_than_what_the_page_says(self, tmp_path: Path, declared: str) -> None:
        path = tmp_path / "a.html"
        path.write_text(f"<meta charset={declared}><p>Straße 灯塔", encoding="utf-8")
        assert read(path).text == "Straße 灯塔"

    def test_a_page_that_names_the_wrong_one_is_read_by_its_letters(self, tmp_path: Path) -> None:
        path = tmp_path / "a.html"
        path.write_bytes(
            f"<meta charset=utf-8><p>{'Маяк был построен в тысяча девятьсот втором году. ' * 3}".encode("cp1251")
        )
        assert read(path).text.startswith("Маяк был построен")
