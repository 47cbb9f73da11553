"""Tells what a question means that leans on those before it, by words alone: no model is asked. Pure.

It knows how English, German, French, Spanish, Italian, Chinese and Japanese point back. Where words cannot tell whether
a question goes on with a subject or begins another ("and what is the notice period?"), it gives both readings; which of
them the documents speak of is for a search to see.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docs_index.terms import STOP_WORDS

REACH = 3  # questions that are followed back, at the most
READINGS = 3  # of one question, at the most: each is a search
FRAGMENT_SIGNS = 4  # the same for Chinese and Japanese
FRAGMENT_WORDS = 4  # a question with no more words than this says too little to be found alone, unless it names a thing
LONGEST_WORDS = 16
TELLING_WORDS = 4  # one with as many telling words stands alone, whatever "it" in it means

WORD = re.compile(r"[^\W_]+")
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
OPENINGS = re.compile(
    r"(and|but|or|so|then|what about|how about|und|aber|oder|et|mais|y|pero|e|ma|あと|では|じゃあ)\b|那|还有|而且|それ",
    re.IGNORECASE,
)
POINTER_WORDS = """
    it its it's he him his she her hers they them their theirs there else former latter
    er ihn ihm es deren dessen davon dafür damit dazu daran darauf darin dabei darüber dort
    il elle ils elles lui leur leurs cela ça celui celle ceux celles
    él ella ellos ellas lo eso allí
    esso essa essi lui lei loro lì
"""  # "la" is left out: it is also "the"
POINTERS = frozenset(POINTER_WORDS.split())
# Before a noun they may as well begin a subject: "does this company have a canteen?"
SHOWING_WORDS = """
    this that these those diese dieser dieses diesem diesen jene jener jenes
    esto ese esa esos esas este esta su sus questo questa quello quella suo sua
"""
SHOWING = frozenset(SHOWING_WORDS.split())
SIE = re.compile(r"\bsie\b")  # "Sie" is you
EXPLETIVE = re.compile(
    r"\b(is|was) it (true|possible|necessary|allowed|safe|legal)( that)?\b"
    r"|\b(is|are|was|were) there\b|\b(gibt|gab) es\b|\bes (gibt|gab)\b|\bil (y a|faut|est possible)\b|\by a-t-il\b",
    re.IGNORECASE,
)
CJK_POINTERS = re.compile("[它他她其]|这|那(?!里|些年)|该|それ|これ|その|この|彼")
CJK_OPENING = re.compile("^(那么?|还有|而且)[，,]?")
CJK_ASKING = re.compile(
    "多少钱?|哪里|什么|怎么|怎样|如何|为何|为什么|谁|几|何时|吗|呢|的|是|どこ|いつ|なぜ|誰|何|ですか|です|か$|[？?。，、]"
)
ASKING_WORDS = """
    who what when where why how which whose much many long often tell about more
    wer was wann wo warum wie welche welcher welches viel viele wem wen und der die das den dem des ein eine einen ist
    sind war hat haben kostet ohne auch noch ich sie wir man mich mir uns kann muss soll wird gibt es
    qui que quoi quand où pourquoi comment combien quel quelle quels quelles est sont le la les un une du de des
    quién qué cuándo dónde cómo cuánto cuánta cuál es son el los las una
    chi che cosa quando dove perché come quanto quale è
"""
ASKING = frozenset(ASKING_WORDS.split())
LITTLE_WORDS = """
    the a an for of in on with to at by about and but or so then what how
    und aber oder der die das den dem des ein eine einen einem mit für bei im in von zu
    et mais le la les un une du de des pour avec y pero el los las con para e ma il lo gli uno di per
"""
LITTLE = frozenset(LITTLE_WORDS.split())
GERMAN = frozenset(("und", "aber", "oder", "wie", "was", "der", "die", "das", "den", "dem", "ein", "eine", "einen"))


@dataclass(frozen=True, slots=True)
class Reading:
    """What is spoken of, and the words to search for."""

    topic: str
    words: str


def readings(question: str, earlier: Sequence[str]) -> list[str]:
    """What to search for, the likeliest first. More than one where it is in doubt whether the question leans back."""
    read: list[Reading] = []
    for asked in [*earlier[-REACH:], question]:
        read = _read(asked, read)
    return [reading.words for reading in read]


def leans_back(question: str) -> bool:
    """Whether it means something that was named before, or says too little to be found alone."""
    if CJK.search(question):
        return _leans_back_in_characters(question)
    words = _words(question)
    if OPENINGS.match(question.strip(" ¿¡")) and len(words) <= LONGEST_WORDS:
        return True
    telling = _telling(question)
    if len(telling) >= TELLING_WORDS or len(words) > LONGEST_WORDS:
        return False
    if not (POINTERS | SHOWING).isdisjoint(words) or SIE.search(question):
        return True
    return len(words) <= FRAGMENT_WORDS and len(telling) < 2 and not _names(question)


def topic_of(question: str) -> str:
    """What it is about: the names in it, or else all its telling words."""
    if CJK.search(question):
        return CJK_ASKING.sub(" ", CJK_OPENING.sub("", question)).strip()
    return " ".join(_names(question) or _telling(question))


def _read(question: str, before: Sequence[Reading]) -> list[Reading]:
    """The readings of a question after those of the one before it.

    "And the Swift?" names a thing and lacks the question about it; "how much does it cost?" lacks the thing.
    """
    alone = Reading(topic_of(question), question)
    if not before or not leans_back(question):
        return [alone]
    names = _bare_names(question)
    found: list[Reading] = []
    for former in before:
        whole = Reading(former.topic, f"{former.topic} {question}")
        if names:
            found.append(Reading(" ".join(names), f"{_without_names(former.words)} {' '.join(names)}"))
        if not names or _is_german(question):  # where every noun is written like a name: "und die Garantie?"
            found.append(whole)
    if not names and _may_stand_alone(question):
        found.insert(1, alone)
    return list(dict.fromkeys(found))[:READINGS]


def _may_stand_alone(question: str) -> bool:
    """Whether it points to nothing for certain, and tells something by itself."""
    if CJK.search(question):
        rest = CJK_OPENING.sub("", question.strip())
        return not CJK_POINTERS.search(rest) and len(CJK.findall(CJK_ASKING.sub("", rest))) > 1
    return POINTERS.isdisjoint(_words(question)) and bool(_telling(question))


def _bare_names(question: str) -> list[str]:
    """The names in a question that consists of nothing else: "what about the Swift?"."""
    words = [word for word in WORD.findall(question) if word.casefold() not in LITTLE]
    names = _names(question)
    return names if names == words and not CJK.search(question) else []


def _names(question: str) -> list[str]:
    """Telling words that are written like names. The first word has a capital letter in any case."""
    first, *others = WORD.findall(question) or [""]
    return [word for word in others if (word[0].isupper() or word[0].isdigit()) and _is_telling(word)]


def _without_names(question: str) -> str:
    names = set(_names(question))
    return " ".join(word for word in WORD.findall(question) if word not in names)


def _words(question: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(EXPLETIVE.sub(" ", question))]


def _telling(question: str) -> list[str]:
    return [word for word in WORD.findall(question) if _is_telling(word)]


def _is_telling(word: str) -> bool:
    return word.casefold() not in STOP_WORDS | ASKING | POINTERS | SHOWING


def _is_german(question: str) -> bool:
    return not GERMAN.isdisjoint(_words(question))


def _leans_back_in_characters(question: str) -> bool:
    is_short = len(CJK.findall(question)) <= FRAGMENT_SIGNS
    return bool(is_short or OPENINGS.match(question.strip()) or CJK_POINTERS.search(question))
