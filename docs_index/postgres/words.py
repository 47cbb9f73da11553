"""Terms as PostgreSQL's full-text search stores them and is asked for them."""

from __future__ import annotations

from collections.abc import Sequence

LAST_PLACE = 16383  # PostgreSQL knows no greater one
PLACES = 255  # nor more of one term


def tsvector(terms: Sequence[str]) -> str:
    """The terms and where they stand, as PostgreSQL reads them."""
    places: dict[str, list[int]] = {}
    for place, term in enumerate(terms, 1):
        places.setdefault(term, []).append(min(place, LAST_PLACE))
    return " ".join(f"{lexeme(term)}:{','.join(map(str, at[:PLACES]))}" for term, at in places.items())


def in_a_row(words: Sequence[str]) -> str:
    """A query for passages that hold these words so."""
    return " <-> ".join(map(lexeme, words))


def any_of(words: Sequence[str]) -> str:
    return " | ".join(map(lexeme, words))


def lexeme(term: str) -> str:
    """Quoted for a tsvector or a tsquery."""
    return "'{}'".format(term.replace("\\", "\\\\").replace("'", "''"))
