"""The character sets of RTF by its numbers (RTF 1.9.1, "Font Table" and "Character Set")."""

from __future__ import annotations

import codecs

CHARSETS = {  # \fcharset: that of a font
    **{77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "big5hkscs", 161: "cp1253"},
    **{162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874"},
    **{238: "cp1250", 255: "cp437"},
}
CODE_PAGES = {936: "gb18030", 950: "big5hkscs", 65001: "utf-8", 10000: "mac_roman"}
DOCUMENT_CHARSETS = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
SYMBOLS = "symbols"  # \fcharset2: pictures in the place of letters


def code_page(number: int | None) -> str | None:
    """The name of a code page of Windows; None for one that is not known."""
    name = CODE_PAGES.get(number or 0, f"cp{number}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
