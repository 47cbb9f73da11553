"""What a person wants searched, checked against what they may read: collections, and a filter of their files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from docs_index.types import Filter
from webchat.accounts.models import User
from webchat.documents.models import Collection, Document

MOST_SECONDS = 2**63 // 10**9 - 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. Whatever is empty restricts nothing."""

    collections: frozenset[int] = frozenset()
    documents: frozenset[int] = frozenset()
    name: str = ""
    folder: str = ""
    suffixes: frozenset[str] = frozenset()
    since: date | None = None  # a file counts when it was added, or changed, on such a day
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What is searched."""

    collections: list[Collection]
    where: Filter


class NotYours(Exception):
    """A collection or a document that was named is not there for this person."""


def scope_of(user: User | AnonymousUser, wish: Wish) -> Scope:
    """Raises NotYours. Without collections it is all of the person's own, or those of the documents that are named."""
    documents = Document.objects.readable_by(user).filter(pk__in=wish.documents)
    if documents.count() < len(wish.documents):
        raise NotYours
    collections = Collection.objects.readable_by(user)
    if wish.collections:
        collections = collections.filter(pk__in=wish.collections)
        if collections.count() < len(wish.collections):
            raise NotYours
    elif wish.documents:
        collections = collections.filter(documents__in=documents).distinct()
    rows = list(collections)
    named = _in_time(Document.objects.filter(collection__in=rows), wish)
    if wish.documents:
        named = named.filter(pk__in=wish.documents)
    is_named = wish.documents or wish.since or wish.until
    keys = frozenset(str(pk) for pk in named.values_list("pk", flat=True)) if is_named else None
    return Scope(rows, Filter(documents=keys, name=wish.name, folder=wish.folder, suffixes=wish.suffixes))


def _in_time(documents: QuerySet[Document], wish: Wish) -> QuerySet[Document]:
    begin = _midnight(wish.since or date.min)
    end = _midnight(wish.until + timedelta(days=1)) if wish.until and wish.until < date.max else _midnight(date.max)
    if wish.since is None and wish.until is None:
        return documents
    on_disk = Q(mtime_ns__gte=_nanoseconds(begin), mtime_ns__lt=_nanoseconds(end))  # of what lies in a folder
    return documents.filter(Q(added__gte=begin, added__lt=end) | Q(indexed__gte=begin, indexed__lt=end) | on_disk)


def _midnight(day: date) -> datetime:
    """The first of that day here; years that a time zone cannot move are kept away from the edge."""
    inside = min(max(day, date(1, 1, 3)), date(9999, 12, 29))
    return timezone.make_aware(datetime.combine(inside, time.min))


def _nanoseconds(moment: datetime) -> int:
    """As a file's time of change is kept, as far as a row can hold it."""
    return min(max(int(moment.timestamp()), -MOST_SECONDS), MOST_SECONDS) * 10**9
