from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from docs_index.ink import ink, ink_positions
from docs_index.readers.pdf import clean

LINES = st.lists(st.text(st.sampled_from("abcäß1-  \n\r\t\xad\u200b\ufffe\x02日"), max_size=12), max_size=8).map(
    "\r\n".join
)


def test_white_space_and_hyphens_leave_none() -> None:
    assert ink("ni-\n ght\t\ufffe") == 5


@given(LINES)
def test_tidying_a_page_leaves_its_ink(raw: str) -> None:
    assert ink(clean(raw)) == ink(raw)


@given(st.text())
def test_positions_are_those_of_the_signs(text: str) -> None:
    assert len(ink_positions(text)) == ink(text)
