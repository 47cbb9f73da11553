from __future__ import annotations

from pathlib import Path

from docs_index.readers import rst
from docs_index.types import Heading

GUIDE = """=====
Guide
=====

Linux
=====

Install it::

   apt install inglenook

Debian
------

.. include:: /etc/passwd

Windows
=======
Text - with - dashes.

===  ===
one  two
===  ===
"""


def test_signs_become_levels_in_the_order_of_their_use(tmp_path: Path) -> None:
    (tmp_path / "a.rst").write_text(GUIDE)
    extraction = rst.read(tmp_path / "a.rst")
    assert [(h.level, h.title) for h in extraction.headings] == [
        (1, "Guide"),
        (2, "Linux"),
        (3, "Debian"),
        (2, "Windows"),
    ]
    assert extraction.headings[1] == Heading(extraction.text.index("Linux"), 2, "Linux")
    assert extraction.title == "Guide"


def test_nothing_is_included(tmp_path: Path) -> None:
    (tmp_path / "a.rst").write_text(GUIDE)
    assert rst.read(tmp_path / "a.rst").text.rstrip() == GUIDE.rstrip()


def test_a_text_without_titles_has_no_sections(tmp_path: Path) -> None:
    (tmp_path / "a.rst").write_text("Dear all,\n\nlions -- roar.\n")
    assert rst.read(tmp_path / "a.rst").headings == ()
