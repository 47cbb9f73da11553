"""Which of the older character sets some bytes are in: East Asian, Cyrillic, Greek, Hebrew, Arabic, Thai, Latin.

Each candidate decodes the bytes, and what comes out is weighed: the frequent letters of the languages that use it speak
for it, letters that hardly occur, signs and letters of another alphabet in the same word speak against it. Works from a
dozen characters on. Does not know Unicode, which `decoding` sees first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

MAX_SAMPLE_BYTES = 10_000
MIN_SCORE = 0.55  # below it nothing fits: leave it to somebody else
PUNCTUATION = "«»„“”‚‘’–—…€°§•·©®™\xa0\xad¡¿±²³µ£×÷†‡‰"


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The letters beyond ASCII that a language writes with, and the character sets of one byte that have them."""

    encodings: tuple[str, ...]
    letters: str  # lower case, the frequent ones
    rare: str = ""  # they speak less for it
    is_latin: bool = False
    prior: float = 0.0  # how much commoner than others its files are


def _latin(encodings: tuple[str, ...], prior: float, letters: str, rare: str = "") -> Alphabet:
    return Alphabet(encodings, letters, rare, is_latin=True, prior=prior)


WEST, CENTRAL = ("cp1252", "iso8859-15"), ("cp1250", "iso8859-2")
TURKEY, BALTIC, RUSSIA = ("cp1254",), ("cp1257", "iso8859-13"), ("cp1251", "koi8-u", "cp866", "iso8859-5")
THAI = "".join(map(chr, (*range(0x0E01, 0x0E3B), *range(0x0E3F, 0x0E5C))))
ALPHABETS = (
    _latin(WEST, 0.06, "äöüß", "éèà"),
    _latin(WEST, 0.06, "éèêàâîïôûùçœë"),
    _latin(WEST, 0.06, "áéíóúñü", "ªº"),
    _latin(WEST, 0.05, "ãõáéíóúâêôçà", "ªºü"),
    _latin(WEST, 0.05, "àèéìòù", "óíîª"),
    _latin(WEST, 0.05, "åäöæøé", "üà"),
    _latin(WEST, 0.02, "áéíóúýþðæö"),
    _latin(CENTRAL, 0.03, "ąćęłńóśźż"),
    _latin(CENTRAL, 0.03, "áčďéěíňóřšťúůýž", "äľĺŕôö"),
    _latin(CENTRAL, 0.03, "áéíóöőúüű"),
    _latin(CENTRAL, 0.02, "ăâîşţ"),
    _latin(CENTRAL, 0.02, "čćđšž"),
    _latin(TURKEY, 0.04, "çğıöşüİ", "âîû"),
    _latin(BALTIC, 0.01, "ąčęėįšųūž"),
    _latin(BALTIC, 0.01, "āčēģīķļņšūž"),
    _latin(BALTIC, 0.0, "õäöüšž"),
    Alphabet(RUSSIA, "оеаинтсрвл", "кмдпуяыьгзбчйхжшюцщэфъёіїєґўђјљњћџѓќѕ", prior=0.02),
    Alphabet(("cp1253", "iso8859-7"), "αοιετσνρκπς", "βγδζηθλμξυφχψωάέήίόύώϊϋΐΰ"),
    Alphabet(("cp1255", "iso8859-8"), "יוהלרתאמבש", "גדזחטךכםןנסעףפץצק"),
    Alphabet(("cp1256", "iso8859-6"), "اليمنوترهبعةد", "ءآأؤإئثجحخذزسشصضطظغفقكىپچژگک،؛؟ًَُِّ"),
    Alphabet(("cp874",), "านรอกเงมยลวดทสต่้ัีะคไแจ", THAI),
)
FREQUENT, RARE = 1.12, 0.78
MOSTLY_ASCII = 0.2  # then the rest are rather accents than words of another alphabet
ASCII_LETTERS = re.compile(r"[A-Za-z]")
FOREIGN, CONTROL = -0.4, -2.0  # a letter of another language; a sign that no file holds
MIXED_WORD = re.compile(r"[A-Za-z](?=[^\x00-\xbf])|(?<=[^\x00-\xbf])[A-Za-z]")
FOREIGN_RUN = re.compile(r"[^\W\d_A-Za-z]{4,}")  # no Latin language has so many accents in a row
SIGN_IN_WORD = re.compile(r"(?<=[^\W\d_])[«»„“”‚‘…€°§•©®™¡¿½¼¾±¶¹²³£×÷†‡‰](?=[^\W\d_])")


def legacy_encoding_of(data: bytes) -> str | None:
    """The likeliest character set of bytes that are no Unicode; None when none is likely."""
    sample = data[:MAX_SAMPLE_BYTES]
    if b"\x1b$" in sample and not any(byte > 0x7F for byte in sample):
        return "iso2022_jp_2"
    if not any(byte > 0x7F for byte in sample):
        return None
    scores = dict(_wide_scores(sample)) | _narrow_scores(sample)
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best and scores[best] >= MIN_SCORE else None


def _narrow_scores(sample: bytes) -> dict[str, float]:
    """For each character set, how well it fits the language that it fits best."""
    scores: dict[str, float] = {}
    texts = {encoding: _decoded(sample, encoding) for alphabet in ALPHABETS for encoding in alphabet.encodings}
    for alphabet in ALPHABETS:
        for rank, encoding in enumerate(alphabet.encodings):
            text = texts[encoding]
            if text is not None:
                fit = _fit(text, alphabet) + alphabet.prior - 0.01 * rank
                scores[encoding] = max(fit, scores.get(encoding, fit))
    return scores


def _fit(text: str, alphabet: Alphabet) -> float:
    """About 1 for a text of nothing but the letters of its language in well-formed words."""
    signs = Counter(char for char in text if char > "\x7f")
    weights = _weights(alphabet)
    good = sum(weights.get(char, FOREIGN if char >= "\xa0" else CONTROL) * n for char, n in signs.items())
    wrong = len(FOREIGN_RUN.findall(text)) * 3 if alphabet.is_latin else len(MIXED_WORD.findall(text))
    wrong += _capitals_inside(text) + 2 * len(SIGN_IN_WORD.findall(text))
    is_mostly_ascii = len(ASCII_LETTERS.findall(text)) > 3 * signs.total()
    return (good - wrong) / signs.total() - (MOSTLY_ASCII if is_mostly_ascii and not alphabet.is_latin else 0.0)


def _capitals_inside(text: str) -> int:
    """How often a capital follows a small letter, one of them beyond ASCII: KOI8 taken for Windows is full of that."""
    return sum(a.islower() and b.isupper() for a, b in pairwise(text) if a > "\x7f" or b > "\x7f")


@cache
def _weights(alphabet: Alphabet) -> dict[str, float]:
    """What each sign says for the alphabet. Accents are as frequent as their language wants, so all count the same."""
    frequent, rare = (1.0, 0.7) if alphabet.is_latin else (FREQUENT, RARE)
    weights = dict.fromkeys(PUNCTUATION, 1.0)
    weights |= dict.fromkeys(alphabet.rare + alphabet.rare.upper(), rare)
    return weights | dict.fromkeys(alphabet.letters + alphabet.letters.upper(), frequent)


def _wide_scores(sample: bytes) -> list[tuple[str, float]]:
    scores = []
    for encoding, weigh in WIDE.items():
        text = _decoded(sample, encoding)
        if text is not None:
            scores.append((encoding, _wide_fit(text, weigh) + WIDE_PRIOR))
    for encoding in ("utf-16-le", "utf-16-be"):  # one whose text has neither a mark nor a space nor a line end
        text = _decoded(sample, encoding) if len(sample) % 2 == 0 else None
        if text is not None:
            scores.append((encoding, max(_wide_fit(text, weigh) for weigh in WIDE.values())))
    return scores


def _wide_fit(text: str, weigh: Callable[[str], float]) -> float:
    """About 1 for a text of nothing but common signs. One letter between Latin ones is rather an accent misread."""
    signs = [char for char in text if char > "\x7f"]
    return (sum(map(weigh, signs)) - 0.5 * len(WIDE_MIX.findall(text))) / max(1, len(signs))


WIDE_MIX = re.compile(r"[A-Za-z](?=[^\x00-\x7f])|(?<=[^\x00-\x7f])[A-Za-z]")
WIDE_PRIOR = 0.08  # two bytes that fit by chance are rarer than one


def _chinese(char: str) -> float:
    """The first level of GB 2312 holds the 3,755 commonest ideographs. GBK took up Big5's and Japan's as well."""
    code = _code(char, "gb2312")
    if 0xB0 <= code >> 8 <= 0xD7:
        return 1.0
    if 0xA1 <= code >> 8 <= 0xA3:
        return 0.9
    return 0.35 if 0xD8 <= code >> 8 <= 0xF7 else -0.3 if _is_kana(char) or _is_hangul(char) else -0.1


def _traditional(char: str) -> float:
    """The first level of Big5 holds the 5,401 commonest ideographs."""
    code = _code(char, "big5")
    if 0xA4 <= code >> 8 <= 0xC6:
        return 1.0
    if 0xA1 <= code >> 8 <= 0xA3:
        return 0.9
    return 0.2 if code else -0.5


def _japanese(char: str) -> float:
    """Half of any Japanese text is kana; the first level of JIS X 0208 holds the 2,965 commonest ideographs."""
    if _is_kana(char):
        return 1.15
    code = _code(char, "euc_jp")
    if 0xB0 <= code >> 8 <= 0xCF:
        return 0.8
    if 0xA1 <= code >> 8 <= 0xA3:
        return 0.9
    return -0.5 if "\uff61" <= char <= "\uff9f" or not code else 0.1


def _korean(char: str) -> float:
    if _is_hangul(char):
        return 1.1 if _code(char, "euc_kr") else -0.5  # the 2,350 commonest syllables
    return 0.9 if 0xA1 <= _code(char, "euc_kr") >> 8 <= 0xA3 else -0.2


WIDE: dict[str, Callable[[str], float]] = {
    "gb18030": _chinese,
    "big5hkscs": _traditional,
    "cp932": _japanese,
    "euc_jp": _japanese,
    "cp949": _korean,
}


def _decoded(sample: bytes, encoding: str) -> str | None:
    """The sample may end within a sign."""
    for end in range(len(sample), max(len(sample) - 4, 0), -1):
        try:
            return sample[:end].decode(encoding)
        except UnicodeDecodeError as error:
            if error.end < end - 3 or len(sample) < MAX_SAMPLE_BYTES:
                return None
    return None


def _code(char: str, encoding: str) -> int:
    """The two bytes of a sign; 0 where the character set has no such sign or needs more for it."""
    try:
        data = char.encode(encoding)
    except UnicodeEncodeError:
        return 0
    return int.from_bytes(data, "big") if len(data) == 2 else 0


def _is_kana(char: str) -> bool:
    return "\u3041" <= char <= "\u30fe"


def _is_hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7a3"
