"""How text becomes searchable words, the same for what is stored and for what is asked. Pure functions.

Chinese, Japanese and Korean are written as pairs of characters, because SQLite's tokenizers take a whole sentence of
them for one word.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

TOKENIZER = "porter unicode61 remove_diacritics 2"  # of FTS5; both stores cut words by it
CJK = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
CJK_RUN = re.compile(f"[{CJK}]+")
WORD = re.compile(rf"[^\W_{CJK}]+")
LETTER = re.compile(r"[^\W\d_]")
LATIN = re.compile("[A-Za-zªºÀ-ÖØ-öø-\u02af\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a]")
JOINED = re.compile(rf"[^\W{CJK}]+(?:[-./:@+#][^\W{CJK}]+)*")  # error_code-42, 10.1.2.3, node.js
MAX_TERMS = 64  # a question; a pasted page would make every passage a hit, and slowly
COMMON_WORDS = """
    a about am an and any are as at be been but by can could did do does for from had has have how i if in into is it
    its me my no not of on or our s shall should so t than that the their them then there these they this those to us
    was we were what when where which who whom whose why will with would you your
"""
STOP_WORDS = frozenset(COMMON_WORDS.split())
# The like in Chinese, where questions are cut into pairs: 什么是 in "什么是管道" tells nothing, and 么是 and 是管 less.
ASKING_ZH = re.compile(
    "为什么|为何|什么|怎么样|怎么|怎样|如何|是否|是不是|有没有|能不能|会不会|可不可以|能否|可否|哪些|哪个|哪里|哪种|多少|"
    "可以|应该|这个|那个|这些|那些|我们|你们|他们|它们|请问|(?<!目)的|了(?!解)|吗|呢|么|是|我|你|您|他|她|它|这|那|哪|谁|"
    "為什麼|為何|什麼|怎麼樣|怎麼|怎樣|哪裡|應該|這個|這些|我們|你們|他們|它們|請問|嗎|麼|這|誰"
)
KANA_OR_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")  # then it is not Chinese


def searchable(text: str) -> str:
    """The text as FTS5 gets it: ligatures and full-width letters resolved, each CJK run as its pairs."""
    return CJK_RUN.sub(_pairs_and_last, unicodedata.normalize("NFKC", text))


@dataclass(frozen=True, slots=True)
class Term:
    """What a question looks for: a word, a pair of CJK characters, or several words in a row."""

    text: str
    begins_word: bool = False  # whatever begins so is found too


def terms_of(query: str) -> list[Term]:
    """Any of these may stand in a passage. Empty when nothing in the question can be looked for."""
    text = unicodedata.normalize("NFKC", query)
    words = list(dict.fromkeys(word.lower() for word in WORD.findall(text)))
    telling = [word for word in words if word not in STOP_WORDS]
    pairs = [term for run in _telling_runs(text, words) for term in _query_pairs(run)]
    identifiers = [joined.lower() for joined in JOINED.findall(text) if len(WORD.findall(joined)) > 1]
    terms = [Term(word) for word in [*identifiers, *(telling or ([] if pairs else words))]] + pairs
    return list(dict.fromkeys(terms))[:MAX_TERMS]


def match_expression(terms: Sequence[Term]) -> str:
    """An FTS5 query of quoted terms only, so that nothing a person types is syntax."""
    return " OR ".join(f"{_quoted(term.text)}{'*' if term.begins_word else ''}" for term in terms)


def share_beyond_latin(text: str) -> float:
    """How many of its letters belong to another writing than the Latin one: 0 to 1."""
    letters = LETTER.findall(text)
    return sum(not LATIN.match(letter) for letter in letters) / max(len(letters), 1)


def digest(text: str) -> bytes:
    """What two texts share when they are the same but for white space and ways to write the same character."""
    return hashlib.sha256(" ".join(unicodedata.normalize("NFC", text).split()).encode("utf-8", "replace")).digest()


def _pairs_and_last(match: re.Match[str]) -> str:
    run = match[0]
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    return f" {' '.join([*pairs, run[-1]])} "  # the last one alone, so that every single character begins a term


def _telling_runs(text: str, words: list[str]) -> list[str]:
    """The CJK runs of a question, without what only makes it a question, unless nothing else is in it."""
    runs = CJK_RUN.findall(text)
    if KANA_OR_HANGUL.search(text):
        return runs
    parts = [(part, run) for run in runs for part in ASKING_ZH.split(run) if part]
    telling = [part for part, run in parts if len(part) > 1 or part == run]  # a single one left over tells little
    return telling or ([] if words else [part for part, _ in parts] or runs)


def _query_pairs(run: str) -> list[Term]:
    if len(run) == 1:
        return [Term(run, begins_word=True)]
    return [Term(run[i : i + 2]) for i in range(len(run) - 1)]


def _quoted(term: str) -> str:
    return '"{}"'.format(term.replace('"', '""'))
